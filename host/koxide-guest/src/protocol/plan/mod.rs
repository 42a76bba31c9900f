// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the init is to do: a file of lines, written by the host.

mod panics;

use std::time::Duration;

use crate::protocol::words;

pub use panics::{Panics, Patch, Run, Site};

/// A module to load before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Its name.
    pub module: String,
    /// Its parameters, as `insmod` takes them.
    pub params: String,
}

impl Load {
    /// A module with its parameters, as `insmod` takes them.
    pub fn new(module: impl Into<String>, params: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            params: params.into(),
        }
    }
}

/// A test program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The name its tests are shown under.
    pub suite: String,
    /// Where it is in the machine.
    pub path: String,
    /// Whether it tests the modules' twins in C.
    pub twins: bool,
}

/// A module that runs tests while it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelSuite {
    /// The name its tests are shown under.
    pub suite: String,
    /// The module's name.
    pub module: String,
    /// Its parameters.
    pub params: String,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Whether the next command runs when this one fails.
    pub keep_going: bool,
}

/// The kind of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Run tests.
    Tests {
        /// Test programs.
        programs: Vec<Program>,
        /// In-kernel tests.
        kernel: Vec<KernelSuite>,
        /// Run a test only when its name contains one of these; all when there are none.
        filter: Vec<String>,
        /// Tests that have their result already, as suite and name.
        done: Vec<(String, String)>,
        /// How long one test may take.
        limit: Duration,
    },
    /// Run tests of a driver whose module panics.
    Panics(Panics),
    /// Run commands.
    Commands {
        /// The commands.
        steps: Vec<Step>,
        /// How long one may take.
        limit: Option<Duration>,
    },
    /// Give the user a shell.
    Shell {
        /// Whether the user is at a terminal; if not, the shell reads its input as a script.
        terminal: bool,
        /// The terminal's rows.
        rows: u16,
        /// The terminal's columns.
        columns: u16,
        /// The terminal's kind, for the variable TERM.
        term: String,
    },
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The modules to load first.
    pub load: Vec<Load>,
    /// What to do then.
    pub task: Task,
}

impl Plan {
    /// The plan as a file.
    pub fn to_text(&self) -> String {
        let mut lines = Vec::new();
        for load in &self.load {
            lines.push(words::join(["load", &load.module, &load.params]));
        }
        self.task.lines(&mut lines);
        lines.push(String::new());
        lines.join("\n")
    }

    /// Reads the plan from the file's text.
    ///
    /// # Errors
    /// The line that cannot be understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut load, mut task) = (Vec::new(), None);
        for line in text.lines() {
            let words = words::split(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["load", module, params] => load.push(Load {
                    module: (*module).to_owned(),
                    params: (*params).to_owned(),
                }),
                words => parse_task(&mut task, words).ok_or_else(|| line.to_owned())?,
            }
        }
        let task = task.ok_or("no task")?;
        Ok(Self { load, task })
    }
}

impl Task {
    fn lines(&self, lines: &mut Vec<String>) {
        match self {
            Self::Tests {
                programs,
                kernel,
                filter,
                done,
                limit,
            } => {
                lines.push(words::join(["tests", &limit.as_millis().to_string()]));
                for p in programs {
                    let word = if p.twins { "twins" } else { "program" };
                    lines.push(words::join([word, &p.suite, &p.path]));
                }
                for k in kernel {
                    lines.push(words::join(["kernel", &k.suite, &k.module, &k.params]));
                }
                for text in filter {
                    lines.push(words::join(["filter", text]));
                }
                for (suite, name) in done {
                    lines.push(words::join(["done", suite, name]));
                }
            }
            Self::Panics(panics) => panics.lines(lines),
            Self::Commands { steps, limit } => {
                let limit = limit.map_or_else(|| "-".to_owned(), |l| l.as_millis().to_string());
                lines.push(words::join(["commands", &limit]));
                for step in steps {
                    let going = if step.keep_going { "go-on" } else { "stop" };
                    let mut line = vec!["step", going];
                    line.extend(step.argv.iter().map(String::as_str));
                    lines.push(words::join(line));
                }
            }
            Self::Shell {
                terminal,
                rows,
                columns,
                term,
            } => {
                let kind = if *terminal { "terminal" } else { "script" };
                let (rows, columns) = (rows.to_string(), columns.to_string());
                lines.push(words::join(["shell", kind, &rows, &columns, term]));
            }
        }
    }
}

fn millis(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_millis)
}

fn own(text: &&str) -> String {
    (*text).to_owned()
}

/// Adds what a line says to the task that an earlier line began.
fn parse_task(task: &mut Option<Task>, words: &[&str]) -> Option<()> {
    match (words, task) {
        (["tests", limit], task @ None) => {
            *task = Some(Task::Tests {
                programs: Vec::new(),
                kernel: Vec::new(),
                filter: Vec::new(),
                done: Vec::new(),
                limit: millis(limit)?,
            });
        }
        (["commands", limit], task @ None) => {
            let limit = match *limit {
                "-" => None,
                limit => Some(millis(limit)?),
            };
            let steps = Vec::new();
            *task = Some(Task::Commands { steps, limit });
        }
        (["shell", kind, rows, columns, term], task @ None) => {
            *task = Some(Task::Shell {
                terminal: *kind == "terminal",
                rows: rows.parse().ok()?,
                columns: columns.parse().ok()?,
                term: own(term),
            });
        }
        ([word @ ("program" | "twins"), suite, path], Some(Task::Tests { programs, .. })) => {
            programs.push(Program {
                suite: own(suite),
                path: own(path),
                twins: *word == "twins",
            });
        }
        (["kernel", suite, module, params], Some(Task::Tests { kernel, .. })) => {
            kernel.push(KernelSuite {
                suite: own(suite),
                module: own(module),
                params: own(params),
            });
        }
        (["filter", text], Some(Task::Tests { filter, .. })) => filter.push(own(text)),
        (["panics", module, file, limit], task @ None) => {
            *task = Some(Task::Panics(Panics {
                module: own(module),
                file: own(file),
                limit: millis(limit)?,
                ..Panics::default()
            }));
        }
        (words, Some(Task::Panics(panics))) => panics.parse(words)?,
        (["done", suite, name], Some(Task::Tests { done, .. })) => {
            done.push((own(suite), own(name)));
        }
        (["step", going, argv @ ..], Some(Task::Commands { steps, .. })) => steps.push(Step {
            argv: argv.iter().map(own).collect(),
            keep_going: *going == "go-on",
        }),
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back(task: Task) {
        let plan = Plan {
            load: vec![Load {
                module: "hello_world".to_owned(),
                params: "whom=\"the world\" n=1".to_owned(),
            }],
            task,
        };
        assert_eq!(Plan::parse(&plan.to_text()), Ok(plan));
    }

    #[test]
    fn every_plan_comes_back() {
        let patch = |at, bytes: &[u8]| Patch {
            at,
            bytes: bytes.to_vec(),
        };
        comes_back(Task::Panics(Panics {
            module: "scull".to_owned(),
            file: "scull-faults".to_owned(),
            programs: vec![Program {
                suite: "scull::pipe".to_owned(),
                path: "/koxide/tests/0".to_owned(),
                twins: false,
            }],
            sites: vec![Site {
                call: "a_function+0x1f".to_owned(),
                patch: vec![patch(0x1f, &[0x90, 0xe9]), patch(0, &[0xeb])],
            }],
            sought: vec![0],
            runs: vec![Run {
                name: "a b at c".to_owned(),
                program: 0,
                test: "b".to_owned(),
                site: 0,
                limit: Duration::from_secs(2),
            }],
            done: vec![("scull::pipe".to_owned(), "a".to_owned())],
            limit: Duration::from_secs(3),
        }));
        comes_back(Task::Tests {
            programs: [false, true]
                .map(|twins| Program {
                    suite: "a::b".to_owned(),
                    path: "/koxide/tests/0".to_owned(),
                    twins,
                })
                .into(),
            kernel: vec![KernelSuite {
                suite: "k".to_owned(),
                module: "k-kunit".to_owned(),
                params: String::new(),
            }],
            filter: vec!["x y".to_owned()],
            done: vec![("a::b".to_owned(), "c::d".to_owned())],
            limit: Duration::from_secs(60),
        });
        comes_back(Task::Commands {
            steps: vec![Step {
                argv: vec![
                    "sh".to_owned(),
                    "-c".to_owned(),
                    "echo 'a\nb'; exit 3".to_owned(),
                ],
                keep_going: true,
            }],
            limit: None,
        });
        comes_back(Task::Shell {
            terminal: true,
            rows: 25,
            columns: 80,
            term: "xterm".to_owned(),
        });
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        assert_eq!(
            Plan::parse("step go-on ls\n"),
            Err("step go-on ls".to_owned())
        );
        assert_eq!(Plan::parse(""), Err("no task".to_owned()));
    }
}
