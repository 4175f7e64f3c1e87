use super::*;
use proptest::prelude::*;

/// Bits from (width, value) pairs, so that a test says itself where every field stands.
fn bits(fields: &[(usize, i64)]) -> Bits {
    let mut payload = Payload::new();
    fields.iter().for_each(|&(width, value)| payload.push(width, value as u64));
    Bits::tail(&payload, 0)
}

/// What a published message of type 6 or 8 carries.
fn published(armour: &str, fill: u8) -> Result<Application, Unread> {
    let payload = Payload::from_armour(armour.as_bytes(), fill).expect("good armour");
    let addressed = payload.unsigned(0, 6) == 6;
    let start = if addressed { 72 } else { 40 };
    let (dac, fi) = (payload.unsigned(start, 10) as u16, payload.unsigned(start + 10, 6) as u8);
    read(dac, fi, addressed, &Bits::tail(&payload, start + 16))
}

fn broadcast(dac: u16, fi: u8, fields: &[(usize, i64)]) -> Result<Application, Unread> {
    read(dac, fi, false, &bits(fields))
}

fn addressed(dac: u16, fi: u8, fields: &[(usize, i64)]) -> Result<Application, Unread> {
    read(dac, fi, true, &bits(fields))
}

fn total(application: &Application) -> Option<Persons> {
    application.persons_on_board().map(|p| p.total)
}

mod examples;
mod people;
mod tables;
