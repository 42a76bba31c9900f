// SPDX-License-Identifier: MIT OR Apache-2.0

//! Records between the bytes of output on the report channel.
//!
//! A record is the byte 0x1e, text, and a line feed. The text is a line of KTAP or, when it begins with `!`, a
//! [`Mark`]. In the output itself a byte 0x1e is doubled, so that every output passes unchanged.

use crate::protocol::words;

/// The byte that begins a record.
const BEGIN: u8 = 0x1e;

/// What the init tells, beside KTAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Init runs.
    Ready,
    /// The tests of one program.
    Tests {
        /// Its suite.
        suite: String,
        /// Their names.
        names: Vec<String>,
    },
    /// A program does not list its tests.
    NoTests {
        /// Its suite.
        suite: String,
        /// Why.
        why: String,
    },
    /// A module was loaded.
    Loaded {
        /// Its name.
        module: String,
    },
    /// A module was refused.
    LoadFailed {
        /// Its name.
        module: String,
        /// The error number.
        errno: i32,
    },
    /// A command starts.
    Step {
        /// Its index in the plan.
        index: usize,
    },
    /// The output that follows is of the standard output (1) or error (2).
    Stream(u8),
    /// What ran ended with this status.
    Exit(i32),
    /// What ran was ended by this signal.
    Signal(i32),
    /// What was to run could not be started.
    NotStarted(i32),
    /// What ran took too long, and was killed.
    TimedOut,
    /// What ran took too long, and cannot be killed: it hangs in the kernel. The log says where.
    Stuck,
    /// Memory that was allocated during a test is lost.
    Leaks {
        /// The test's suite.
        suite: String,
        /// Its name.
        name: String,
        /// How many pieces of memory.
        count: usize,
        /// How large they are together.
        bytes: usize,
        /// What the kernel says of them.
        text: String,
    },
    /// Lost memory could not be searched for after a test.
    NoSearch {
        /// The test's suite.
        suite: String,
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// What the init found out about what runs.
    Note(String),
    /// So many bytes of input were taken.
    Taken(usize),
    /// A shell has the channel from here on.
    Shell,
    /// All is done.
    Done,
}

impl Mark {
    /// The text of the record.
    pub fn to_text(&self) -> String {
        let number = |name: &str, n: i32| vec![name.to_owned(), n.to_string()];
        let words = match self {
            Self::Ready => vec!["ready".to_owned()],
            Self::Tests { suite, names } => {
                let mut words = vec!["tests".to_owned(), suite.clone()];
                words.extend(names.iter().cloned());
                words
            }
            Self::NoTests { suite, why } => vec!["no-tests".to_owned(), suite.clone(), why.clone()],
            Self::Loaded { module } => vec!["loaded".to_owned(), module.clone()],
            Self::LoadFailed { module, errno } => {
                vec!["load-failed".to_owned(), module.clone(), errno.to_string()]
            }
            Self::Step { index } => vec!["step".to_owned(), index.to_string()],
            Self::Stream(stream) => vec!["stream".to_owned(), stream.to_string()],
            Self::Exit(status) => number("exit", *status),
            Self::Signal(signal) => number("signal", *signal),
            Self::NotStarted(errno) => number("not-started", *errno),
            Self::TimedOut => vec!["timed-out".to_owned()],
            Self::Stuck => vec!["stuck".to_owned()],
            Self::Leaks {
                suite,
                name,
                count,
                bytes,
                text,
            } => vec![
                "leaks".to_owned(),
                suite.clone(),
                name.clone(),
                count.to_string(),
                bytes.to_string(),
                text.clone(),
            ],
            Self::NoSearch { suite, name, why } => {
                vec![
                    "no-search".to_owned(),
                    suite.clone(),
                    name.clone(),
                    why.clone(),
                ]
            }
            Self::Note(text) => vec!["note".to_owned(), text.clone()],
            Self::Taken(bytes) => vec!["taken".to_owned(), bytes.to_string()],
            Self::Shell => vec!["shell".to_owned()],
            Self::Done => vec!["done".to_owned()],
        };
        format!("!{}", words::join(words))
    }

    /// Reads the text of a record; nothing when it is no mark.
    pub fn parse(text: &str) -> Option<Self> {
        let words = words::split(text.strip_prefix('!')?);
        let (name, arguments) = words.split_first()?;
        let mark = match (name.as_str(), arguments) {
            ("ready", []) => Self::Ready,
            ("tests", [suite, names @ ..]) => Self::Tests {
                suite: suite.clone(),
                names: names.to_vec(),
            },
            ("no-tests", [suite, why]) => Self::NoTests {
                suite: suite.clone(),
                why: why.clone(),
            },
            ("loaded", [module]) => Self::Loaded {
                module: module.clone(),
            },
            ("load-failed", [module, errno]) => Self::LoadFailed {
                module: module.clone(),
                errno: errno.parse().ok()?,
            },
            ("step", [index]) => Self::Step {
                index: index.parse().ok()?,
            },
            ("stream", [stream]) => Self::Stream(stream.parse().ok()?),
            ("exit", [status]) => Self::Exit(status.parse().ok()?),
            ("signal", [signal]) => Self::Signal(signal.parse().ok()?),
            ("not-started", [errno]) => Self::NotStarted(errno.parse().ok()?),
            ("timed-out", []) => Self::TimedOut,
            ("stuck", []) => Self::Stuck,
            ("leaks", [suite, name, count, bytes, text]) => Self::Leaks {
                suite: suite.clone(),
                name: name.clone(),
                count: count.parse().ok()?,
                bytes: bytes.parse().ok()?,
                text: text.clone(),
            },
            ("no-search", [suite, name, why]) => Self::NoSearch {
                suite: suite.clone(),
                name: name.clone(),
                why: why.clone(),
            },
            ("note", [text]) => Self::Note(text.clone()),
            ("taken", [bytes]) => Self::Taken(bytes.parse().ok()?),
            ("shell", []) => Self::Shell,
            ("done", []) => Self::Done,
            _ => return None,
        };
        Some(mark)
    }
}

/// The bytes of a record with this text.
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = vec![BEGIN];
    bytes.extend(text.bytes().map(|b| if b == b'\n' { b' ' } else { b }));
    bytes.push(b'\n');
    bytes
}

/// The bytes of output as they go between records.
pub fn escape(output: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(output.len());
    for &byte in output {
        if byte == BEGIN {
            bytes.push(BEGIN);
        }
        bytes.push(byte);
    }
    bytes
}

/// A piece of the report channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Output of what runs.
    Data(Vec<u8>),
    /// The text of a record.
    Record(String),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Data,
    Begun,
    Record(Vec<u8>),
}

/// Takes the report channel apart again.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    raw: bool,
}

impl Decoder {
    /// Takes more bytes, and returns what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut data = Vec::new();
        for &byte in bytes {
            if self.raw {
                data.push(byte);
                continue;
            }
            match &mut self.state {
                State::Data if byte == BEGIN => self.state = State::Begun,
                State::Data => data.push(byte),
                State::Begun if byte == BEGIN => {
                    data.push(byte);
                    self.state = State::Data;
                }
                State::Begun => {
                    if !data.is_empty() {
                        frames.push(Frame::Data(std::mem::take(&mut data)));
                    }
                    self.state = State::Record(Vec::new());
                    self.record_byte(byte, &mut frames);
                }
                State::Record(_) => self.record_byte(byte, &mut frames),
            }
        }
        if !data.is_empty() {
            frames.push(Frame::Data(data));
        }
        frames
    }

    fn record_byte(&mut self, byte: u8, frames: &mut Vec<Frame>) {
        let State::Record(text) = &mut self.state else {
            return;
        };
        if byte != b'\n' {
            text.push(byte);
            return;
        }
        let text = String::from_utf8_lossy(text).into_owned();
        // The shell writes to the channel by itself: no more records after this one.
        self.raw = Mark::parse(&text) == Some(Mark::Shell);
        frames.push(Frame::Record(text));
        self.state = State::Data;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], piece: usize) -> (Vec<u8>, Vec<String>) {
        let (mut data, mut records) = (Vec::new(), Vec::new());
        let mut decoder = Decoder::default();
        for frame in bytes.chunks(piece).flat_map(|chunk| decoder.feed(chunk)) {
            match frame {
                Frame::Data(bytes) => data.extend(bytes),
                Frame::Record(text) => records.push(text),
            }
        }
        (data, records)
    }

    #[test]
    fn output_and_records_come_apart_however_they_are_cut() {
        let output: Vec<u8> = (0..=255)
            .chain([BEGIN, BEGIN, b'\n', b'!', BEGIN])
            .collect();
        let mut stream = encode("ok 1 first");
        stream.extend(escape(&output));
        stream.extend(encode(&Mark::Exit(3).to_text()));
        for piece in [1, 2, 3, 7, 1000] {
            let (data, records) = decode(&stream, piece);
            assert_eq!(data, output);
            assert_eq!(records, ["ok 1 first", "!exit 3"]);
        }
    }

    #[test]
    fn after_the_shell_began_all_is_output() {
        let mut stream = encode(&Mark::Shell.to_text());
        stream.extend([b'#', BEGIN, b'x', b'\n']);
        let (data, records) = decode(&stream, 3);
        assert_eq!(data, [b'#', BEGIN, b'x', b'\n']);
        assert_eq!(records, ["!shell"]);
    }

    #[test]
    fn every_mark_comes_back() {
        let marks = [
            Mark::Ready,
            Mark::Tests {
                suite: "a b".to_owned(),
                names: vec!["x::y".to_owned(), "z".to_owned()],
            },
            Mark::NoTests {
                suite: "s".to_owned(),
                why: "exit status 1".to_owned(),
            },
            Mark::Loaded {
                module: "m".to_owned(),
            },
            Mark::LoadFailed {
                module: "m".to_owned(),
                errno: 12,
            },
            Mark::Step { index: 3 },
            Mark::Stream(2),
            Mark::Exit(0),
            Mark::Signal(11),
            Mark::NotStarted(2),
            Mark::TimedOut,
            Mark::Stuck,
            Mark::Note("found: 3 4".to_owned()),
            Mark::Taken(10),
            Mark::Shell,
            Mark::Done,
        ];
        for mark in marks {
            assert_eq!(Mark::parse(&mark.to_text()), Some(mark));
        }
    }
}
