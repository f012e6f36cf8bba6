use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;

fn header(size: u64, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header
}

/// What another program writes: a long name, links, a directory, a long PAX path.
fn archive() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    builder.append_data(&mut header(0, EntryType::Directory), "dir/", &[][..]).unwrap();
    builder.append_data(&mut header(3, EntryType::Regular), "dir/a", &b"abc"[..]).unwrap();
    builder.append_data(&mut header(600, EntryType::Regular), "n".repeat(300), &[7; 600][..]).unwrap();
    let mut link = header(0, EntryType::Symlink);
    builder.append_link(&mut link, "dir/link", format!("../{}", "t".repeat(200))).unwrap();
    builder.append_link(&mut header(0, EntryType::Link), "dir/hard", "dir/a").unwrap();
    builder.append_pax_extensions([("path", "päx".as_bytes()), ("size", b"5")]).unwrap();
    let mut header = header(4, EntryType::Regular);
    header.set_path("short").unwrap();
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, &b"01234"[..]).unwrap();
    let mut bytes = builder.into_inner().unwrap();
    // Its writer has filled up by the bytes it wrote, not by the header.
    bytes.truncate(bytes.len().next_multiple_of(BLOCK));
    bytes
}

fn walk(bytes: &[u8], piece: usize) -> Result<Vec<Member>, TarError> {
    let (mut walker, mut members) = (Walker::new(), Vec::new());
    for mut piece in bytes.chunks(piece) {
        while !piece.is_empty() {
            let (used, member) = walker.step(piece)?;
            assert!(used > 0, "it goes on");
            members.extend(member);
            piece = &piece[used..];
        }
    }
    assert_eq!(walker.finish()?, members.len() as u64);
    Ok(members)
}

/// The same, over all data.
fn hop(bytes: &[u8]) -> Result<Vec<Member>, TarError> {
    let (mut walker, mut members) = (Walker::new(), Vec::new());
    while let Some(rest) = bytes.get(walker.at() as usize..).filter(|rest| !rest.is_empty()) {
        let (_, member) = walker.step(&rest[..rest.len().min(100)])?;
        members.extend(member);
        walker.hop();
    }
    // What was hopped over may not be there.
    match walker.at() > bytes.len() as u64 {
        true => Err(TarError::Truncated { at: bytes.len() as u64 }),
        false => walker.finish().map(|_| members),
    }
}

#[test]
fn every_dialect_in_pieces_of_every_size() {
    let bytes = archive();
    let members = walk(&bytes, 1).unwrap();
    let seen: Vec<_> =
        members.iter().map(|it| (String::from_utf8_lossy(&it.path), it.kind, it.size)).collect();
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[0], ("dir/".into(), Kind::Other, 0));
    assert_eq!(seen[1], ("dir/a".into(), Kind::File, 3));
    assert_eq!((seen[2].0.len(), seen[2].2), (300, 600));
    assert_eq!(
        (&members[3].link[..], members[3].kind),
        (format!("../{}", "t".repeat(200)).as_bytes(), Kind::SymLink)
    );
    assert_eq!((&members[4].link[..], members[4].kind), (&b"dir/a"[..], Kind::HardLink));
    assert_eq!(seen[5], ("päx".into(), Kind::File, 5));
    let data = |it: &Member| &bytes[it.at as usize..(it.at + it.size) as usize];
    assert_eq!((data(&members[1]), data(&members[5])), (&b"abc"[..], &b"01234"[..]));
    for piece in [3, 511, 512, 513, 100_000] {
        assert_eq!(walk(&bytes, piece).unwrap(), members);
    }
    assert_eq!(hop(&bytes).unwrap(), members);
}

#[test]
fn every_cut_is_seen_but_between_members() {
    let bytes = archive();
    let mut whole = 0;
    for cut in 0..bytes.len() - 2 * BLOCK {
        match walk(&bytes[..cut], 777) {
            Ok(_) => whole += 1,
            Err(TarError::Truncated { at }) => assert_eq!(at, cut as u64),
            Err(other) => panic!("{other} at {cut}"),
        }
    }
    assert_eq!(whole, 6, "the end of each member but the last, and the empty archive");
}

#[test]
fn numbers_of_every_kind() {
    assert_eq!(number(b"0000644\0"), Some(0o644));
    assert_eq!(number(b"   17 \0"), Some(0o17));
    assert_eq!(number(b"\0\0\0"), Some(0));
    assert_eq!(number(b"8"), None);
    assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]), Some(258));
    assert_eq!(number(&[0xff; 12]), None, "negative");
    assert_eq!(number(&[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None, "too large");
}

#[test]
fn lies_are_told_apart() {
    let one = |change: &dyn Fn(&mut Header)| {
        let mut header = header(3, EntryType::Regular);
        header.set_path("a").unwrap();
        change(&mut header);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.resize(4 * BLOCK, 0);
        walk(&bytes, 512).map(|members| members.len())
    };
    assert_eq!(one(&|_| {}), Ok(1));
    assert_eq!(one(&|it| it.as_old_mut().size = [0xff; 12]), Err(TarError::Size { at: 0 }));
    assert_eq!(one(&|it| it.set_size(1 << 62)), Err(TarError::Truncated { at: 2048 }));
    assert_eq!(one(&|it| it.set_entry_type(EntryType::GNULongName)), Ok(0));
    let endless = |it: &mut Header| {
        it.set_entry_type(EntryType::XHeader);
        it.set_size((1 << 20) + 1);
    };
    assert_eq!(one(&endless), Err(TarError::TooLong { at: 0 }));
    let mut wrong = archive();
    wrong[0] ^= 1;
    assert_eq!(walk(&wrong, 512), Err(TarError::Header { at: 0 }));
    assert_eq!(walk(&[b"<html>".to_vec(), vec![b'x'; 600]].concat(), 512), Err(TarError::Header { at: 0 }));
}

#[test]
fn records_of_extended_headers() {
    let read = |records: &[u8]| {
        let mut next = Next::default();
        pax(records, &mut next).map(|()| (next.path, next.size))
    };
    assert_eq!(read(b"10 path=a\n9 size=7\n"), Some((Some(b"a".to_vec()), Some(7))));
    assert_eq!(read(b"8 path=\n"), Some((None, None)));
    let wrong: [&[u8]; 7] = [
        b"8 path=a\n",
        b"10 path=a",
        b"x",
        b"0 a=b\n",
        b"10 size=-\n",
        b"11 size=-1\n",
        b"99999999999999999999999 a=b\n",
    ];
    for wrong in wrong {
        assert_eq!(read(wrong), None, "{}", String::from_utf8_lossy(wrong));
    }
}

#[test]
fn a_fault_is_told_alike_however_the_bytes_come() {
    // An extended header whose records run into what fills its block.
    let mut header = header(600, EntryType::XHeader);
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &[0; 3 * BLOCK]].concat();
    for piece in [1, BLOCK, 700, bytes.len()] {
        assert_eq!(walk(&bytes, piece), Err(TarError::Extended { at: 0 }), "in pieces of {piece}");
    }
}

proptest! {
    #[test]
    fn any_bytes_walk_or_fail(bytes: Vec<u8>, at: prop::sample::Index, byte: u8, piece in 1..2000_usize, fix: bool) {
        let _ = walk(&bytes, piece);
        let mut near = archive();
        let at = at.index(near.len());
        near[at] = byte;
        let from = at / BLOCK * BLOCK;
        if fix {
            // With the right checksum, the wrong byte is looked at.
            let block: &mut [u8; BLOCK] = (&mut near[from..from + BLOCK]).try_into().unwrap();
            let sum: u32 = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        let whole = walk(&near, near.len());
        prop_assert_eq!(walk(&near, piece), whole);
        let _ = hop(&near[..at]);
    }
}
