//! The same rounds and points with their values through the `pco` crate at its default level.
//! Instants and outcomes are our own code's, which pco would not write shorter; so the two differ
//! in what is compared only.

use pco::ChunkConfig;
use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use tuantra::model::{Point, PointKind, Rtts, Sample};

use crate::store::door;

/// Without pco's own file around it: header, model, one page.
fn put_column<T: Number>(column: &[T], into: &mut Vec<u8>) {
    let file = FileCompressor::default();
    let mut chunk = file.chunk_compressor(column, &ChunkConfig::default()).unwrap();
    file.write_header(&mut *into).unwrap();
    chunk.write_meta(&mut *into).unwrap();
    chunk.write_page(0, &mut *into).unwrap();
}

fn get_column<T: Number>(bytes: &[u8], column: &mut [T]) {
    let (file, rest) = FileDecompressor::new(bytes).unwrap();
    let (mut chunk, rest) = file.chunk_decompressor::<T, _>(rest).unwrap();
    chunk.page_decompressor(rest, column.len()).unwrap().read(column).unwrap();
}

/// A block, its first part by our code.
#[derive(Default)]
pub struct Block {
    ours: Vec<u8>,
    values: Vec<u8>,
}

impl Block {
    pub fn len(&self) -> usize {
        self.ours.len() + self.values.len()
    }
}

/// A block of the same rounds without their round-trip times.
pub fn bare(samples: &[Sample]) -> Vec<u8> {
    let bare = |sample: &Sample| Sample { rtts: Rtts::default(), ..*sample };
    let mut bytes = Vec::new();
    door::encode_rounds(&samples.iter().map(bare).collect::<Vec<_>>(), &mut bytes);
    bytes
}

pub fn encode_rounds(samples: &[Sample], block: &mut Block) {
    block.ours = bare(samples);
    let rtts: Vec<u32> = samples.iter().flat_map(|s| s.rtts.as_slice()).copied().collect();
    block.values.clear();
    if !rtts.is_empty() {
        put_column(&rtts, &mut block.values);
    }
}

pub fn decode_rounds(block: &Block, into: &mut Vec<Sample>) {
    door::decode_rounds(&block.ours, into);
    let answered: usize = into.iter().map(|sample| usize::from(sample.sent - sample.lost)).sum();
    let mut rtts = vec![0_u32; answered];
    if answered > 0 {
        get_column(&block.values, &mut rtts);
    }
    let mut rest = &rtts[..];
    for sample in into {
        let (own, after) = rest.split_at(usize::from(sample.sent - sample.lost));
        (sample.rtts, rest) = (Rtts::from_us(own), after);
    }
}

pub fn encode_points(points: &[Point], block: &mut Block) {
    let bare: Vec<Point> = points.iter().map(|point| Point { value: 0, ..*point }).collect();
    door::encode_points(PointKind::Gauge, &bare, &mut block.ours);
    block.values.clear();
    put_column(&points.iter().map(|point| point.value).collect::<Vec<_>>(), &mut block.values);
}

pub fn decode_points(block: &Block, into: &mut Vec<Point>) {
    door::decode_points(PointKind::Gauge, &block.ours, into);
    let mut values = vec![0_i64; into.len()];
    get_column(&block.values, &mut values);
    into.iter_mut().zip(values).for_each(|(point, value)| point.value = value);
}
