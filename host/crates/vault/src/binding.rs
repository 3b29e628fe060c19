//! What a sealed record is bound to. It opens nowhere else, so nobody can gain anything by moving records between rows.

/// What a record holds, for example `workway payout`. A record that was sealed for one purpose does not open for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Names a purpose. The name is authenticated with every record: changing it makes stored records unreadable.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// The purpose and the row of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    purpose: Purpose,
    row: Vec<String>,
}

impl Binding {
    /// Binds to the row with these parts, for example user, provider and id.
    pub fn new(purpose: Purpose, row: &[&str]) -> Self {
        Self { purpose, row: row.iter().map(|&part| part.to_owned()).collect() }
    }

    /// Returns the purpose, by which a database finds the table.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Encodes purpose, header and row: no two bindings encode to the same bytes.
    pub(crate) fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let row = self.row.iter().map(String::as_bytes);
        encode([self.purpose.0.as_bytes(), header].into_iter().chain(row))
    }
}

/// Encodes each part after its length: no two lists of parts encode to the same bytes.
pub(crate) fn encode<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut data = Vec::new();
    for part in parts {
        data.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::{Binding, Purpose};

    #[test]
    fn encodes_every_part_after_its_length() {
        let binding = Binding::new(Purpose::new("test"), &["ann", ""]);
        let data = [&[0, 0, 0, 0, 0, 0, 0, 4][..], b"test", &[0, 0, 0, 0, 0, 0, 0, 2], b"\x01\x02"].concat();
        let row = [&[0, 0, 0, 0, 0, 0, 0, 3][..], b"ann", &[0; 8]].concat();
        assert_eq!(binding.associated_data(b"\x01\x02"), [data, row].concat());
    }
}
