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

/// What a level that follows by a sixteenth leaves of a value: the model that our code has and pco
/// has not.
#[derive(Default)]
struct Level {
    scaled: Option<i64>,
}

impl Level {
    fn expected(&self) -> i64 {
        self.scaled.unwrap_or(0) >> 6
    }

    fn follow(&mut self, value: i64) {
        let scaled = self.scaled.unwrap_or(value << 6);
        self.scaled = Some(scaled + (((value << 6) - scaled) >> 4));
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
    encode_by(samples, block, false);
}

pub fn decode_rounds(block: &Block, into: &mut Vec<Sample>) {
    decode_by(block, into, false);
}

/// The differences from our level through pco.
pub fn encode_levelled(samples: &[Sample], block: &mut Block) {
    encode_by(samples, block, true);
}

pub fn decode_levelled(block: &Block, into: &mut Vec<Sample>) {
    decode_by(block, into, true);
}

fn encode_by(samples: &[Sample], block: &mut Block, is_levelled: bool) {
    block.ours = bare(samples);
    let rtts = samples.iter().flat_map(|s| s.rtts.as_slice());
    block.values.clear();
    if is_levelled {
        let mut level = Level::default();
        let differences = rtts.map(|rtt_us| {
            let difference = i64::from(*rtt_us) - level.expected();
            level.follow(i64::from(*rtt_us));
            difference as i32
        });
        put_some(&differences.collect::<Vec<_>>(), &mut block.values);
    } else {
        put_some(&rtts.copied().collect::<Vec<u32>>(), &mut block.values);
    }
}

fn put_some<T: Number>(column: &[T], into: &mut Vec<u8>) {
    if !column.is_empty() {
        put_column(column, into);
    }
}

fn decode_by(block: &Block, into: &mut Vec<Sample>, is_levelled: bool) {
    door::decode_rounds(&block.ours, into);
    let answered: usize = into.iter().map(|sample| usize::from(sample.sent - sample.lost)).sum();
    let mut rtts = vec![0_u32; answered];
    if answered > 0 && is_levelled {
        let mut differences = vec![0_i32; answered];
        get_column(&block.values, &mut differences);
        let mut level = Level::default();
        for (rtt_us, difference) in rtts.iter_mut().zip(differences) {
            let value = level.expected() + i64::from(difference);
            level.follow(value);
            *rtt_us = value as u32;
        }
    } else if answered > 0 {
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
