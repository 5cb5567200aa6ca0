//! The tokens that make a reply unforgeable for whoever did not see the request.

/// Unpredictable numbers, fetched many at a time.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    bytes: Vec<u8>,
    used: usize,
}

impl Tokens {
    const BYTES: usize = 4_096;

    /// The next one; `None` when the system has no random numbers to give.
    pub(super) fn next(&mut self) -> Option<u64> {
        if self.used >= self.bytes.len() {
            self.bytes.resize(Self::BYTES, 0);
            getrandom::fill(&mut self.bytes).ok()?;
            self.used = 0;
        }
        let token = self.bytes.get(self.used..self.used + 8)?.try_into().ok()?;
        self.used += 8;
        Some(u64::from_le_bytes(token))
    }
}
