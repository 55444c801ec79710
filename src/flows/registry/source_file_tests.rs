use std::io::Write as _;

use super::*;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn names(bytes: &[u8], format: Format) -> Result<Vec<(u64, String)>, FileFault> {
    let file = file(bytes);
    let mut rows = Rows::open(file.path(), format)?;
    let mut names = Vec::new();
    while let Some((line, row)) = rows.next_row()? {
        names.push((line, row.get(Field::FullName).to_owned()));
    }
    Ok(names)
}

fn refusal(bytes: &[u8], format: Format) -> String {
    survey(file(bytes).path(), format).unwrap_err().to_string()
}

const HEADER: &str = "number,full_name,birth_date\n";

#[test]
fn the_extension_names_the_format() {
    for (name, format) in [
        ("a.csv", Some(Format::Csv)),
        ("a.CSV", Some(Format::Csv)),
        ("a.ndjson", Some(Format::Ndjson)),
        ("a.jsonl", Some(Format::Ndjson)),
        ("a.xml", Some(Format::Xml)),
        ("a.json", None),
        ("csv", None),
    ] {
        assert_eq!(Format::of_path(Path::new(name)), format, "{name}");
    }
}

#[test]
fn rows_come_with_the_line_they_begin_in() {
    let csv = "\u{FEFF}full_name,birth_date,number\n\"Trần\nThử\",1985,900085000001\r\nLê Mẫu,1990,900090000001";
    assert_eq!(names(csv.as_bytes(), Format::Csv).unwrap(), [(2, "Trần\nThử".to_owned()), (4, "Lê Mẫu".to_owned())]);
    let ndjson = "\u{FEFF}{\"full_name\":\"Trần Thử\"}\n\n{\"full_name\":\"Lê Mẫu\"}";
    assert_eq!(
        names(ndjson.as_bytes(), Format::Ndjson).unwrap(),
        [(1, "Trần Thử".to_owned()), (3, "Lê Mẫu".to_owned())]
    );
}

#[test]
fn a_survey_counts_and_digests_the_whole_file() {
    let text = format!("{HEADER}900085000001,Trần Thử,1985\n");
    let facts = survey(file(text.as_bytes()).path(), Format::Csv).unwrap();
    assert_eq!((facts.rows, facts.bytes), (1, u64::try_from(text.len()).unwrap()));
    assert_eq!(facts.sha256, *crate::crypto::digest::sha256(text.as_bytes()).as_bytes());
}

#[test]
fn a_broken_file_names_the_place() {
    let csv = |rows: &str| refusal(format!("{HEADER}{rows}").as_bytes(), Format::Csv);
    assert_eq!(csv("1,a,1985\n2,b\n"), "line 3: the row has 2 cells and the header 3");
    assert_eq!(csv("1,a,1985\n2,\"b,1985\n3,c,1985\n"), "line 3: the row has 2 cells and the header 3");
    assert_eq!(csv("1,a,1985\n2,b,\"1985\n"), "the file ends within a quoted cell that began in line 3");
    assert_eq!(csv(""), "the file has no rows");
    assert_eq!(refusal(b"", Format::Csv), "the file has no rows");
    assert_eq!(refusal(b"number,name\n", Format::Csv), "line 1: there is no column of the name \"name\"");
    assert_eq!(refusal(b"number,number\n", Format::Csv), "line 1: the column \"number\" stands there twice");
    assert_eq!(refusal(b"number,full_name\n", Format::Csv), "line 1: the column \"birth_date\" is missing");
    let latin = [HEADER.as_bytes(), b"1,Nguy\xean,1985\n"].concat();
    assert_eq!(refusal(&latin, Format::Csv), "line 2: the text is not UTF-8");
    assert_eq!(refusal(b"\n\n", Format::Ndjson), "the file has no rows");
    assert!(refusal(b"{\"number\":\"1\"}\n{\"number\":\"2", Format::Ndjson).starts_with("line 2: EOF"));
    assert!(
        refusal(b"{\"number\":\"1\"}\n{\"nummer\":\"2\"}", Format::Ndjson).starts_with("line 2: there is no member")
    );
    assert_eq!(refusal(b"{\"number\":\"1\"}\n\xff", Format::Ndjson), "line 2: the text is not UTF-8");
}

#[test]
fn a_line_has_a_bound() {
    let mut long = HEADER.as_bytes().to_vec();
    long.extend(std::iter::repeat_n(b'a', 9 << 20));
    assert!(refusal(&long, Format::Csv).starts_with("a row is longer than 8 MiB"));
    assert!(refusal(&vec![b'1'; 9 << 20], Format::Ndjson).starts_with("a row is longer than 8 MiB"));
}

/// One flipped bit makes a quote of a letter: the rest of the file is no row, however many line ends stand in it.
#[test]
fn a_quote_that_nothing_closes_is_not_read_to_the_end() {
    let mut open = format!("{HEADER}1,\"a,1985\n").into_bytes();
    for _ in 0..1_000_000 {
        open.extend(b"2,b,1985\n");
    }
    assert!(refusal(&open, Format::Csv).starts_with("a row is longer than 8 MiB"));
    // What is quoted and closed holds as many line ends as it wants, and many rows are no long one.
    let mut closed = format!("{HEADER}1,\"a\n\nb\",1985\n").into_bytes();
    for _ in 0..1_000_000 {
        closed.extend(b"2,b,1985\n");
    }
    assert_eq!(survey(file(&closed).path(), Format::Csv).unwrap().rows, 1_000_001);
}
