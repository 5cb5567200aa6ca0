//! tmp
use crate::model::Sample;
use super::block::BadBlock;
/// x
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rollup {}
impl Rollup {
    pub(in crate::store) fn add(&mut self, _s: &Sample) {}
    pub(in crate::store) fn merge(&mut self, _o: &Self) {}
    pub(in crate::store) fn encode(&self, into: &mut Vec<u8>) { into.clear(); }
    pub(in crate::store) fn decode(_b: &[u8]) -> Result<Self, BadBlock> { Ok(Self{}) }
}
