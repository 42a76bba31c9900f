// SPDX-License-Identifier: MIT OR Apache-2.0

//! What README and book say of the command is so: its words are those of `cli.rs`, its kernels those of `kernels.toml`, and the
//! workflow for a hosted CI does what it seems to do.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use koxide_build::KernelName;
use yaml_rust2::{Yaml, YamlLoader};

use crate::cli::{Cli, Test, Verb};
use crate::kernels::Matrix;
use crate::matrix::Shard;

/// The page about kernels.
const KERNELS: &str = "book/src/kernels.md";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).unwrap()
}

/// The blocks of a page in a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// What a line of a shell asks of the command, when it does.
fn parsed(line: &str) -> Option<Cli> {
    let (_, words) = line.split_once("cargo koxide ")?;
    let words = words.split(" # ").next().unwrap();
    let words = shell_words::split(words).unwrap_or_else(|e| panic!("{line}: {e}"));
    let cli = Cli::try_parse_from(std::iter::once("cargo koxide".to_owned()).chain(words));
    Some(cli.unwrap_or_else(|error| panic!("{line}:\n{error}")))
}

/// A field of something in the workflow.
fn field<'y>(yaml: &'y Yaml, path: &[&str]) -> &'y Yaml {
    path.iter().fold(yaml, |yaml, name| {
        let field = &yaml[*name];
        assert!(!field.is_badvalue(), "no {name} of {path:?}");
        field
    })
}

#[test]
fn every_command_that_is_shown_exists() {
    let pages = std::fs::read_dir(repository().join("book/src")).unwrap();
    let pages = pages.map(|page| page.unwrap().path());
    let pages: Vec<PathBuf> = pages.chain([repository().join("README.md")]).collect();
    let mut commands = 0;
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        for block in ["console", "sh"].map(|language| blocks(&text, language)) {
            let lines = block.iter().flat_map(|block| block.lines());
            commands += lines.filter_map(parsed).count();
        }
    }
    assert!(pages.len() > 3 && commands > 10, "{commands} in {pages:?}");
}

#[test]
fn the_page_has_the_kernels_of_the_matrix() {
    let text = read(KERNELS);
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let mut shown: Vec<Vec<String>> = rows
        .map(|row| {
            let cells = row.trim_matches('|').split('|');
            cells
                .map(|cell| cell.replace('`', "").trim().to_owned())
                .collect()
        })
        .collect();
    let file: toml::Table = read("kernels.toml").parse().unwrap();
    for row in file["kernel"].as_array().unwrap() {
        let word = |name: &str| row[name].as_str().unwrap().to_owned();
        let always = row
            .get("always")
            .is_some_and(|always| always.as_bool() == Some(true));
        let always = if always { "yes" } else { "" }.to_owned();
        let wanted = [word("name"), word("line"), word("arch"), always];
        let at = shown.iter().position(|row| *row == wanted);
        shown.remove(at.unwrap_or_else(|| panic!("{wanted:?} is not in {shown:?}")));
    }
    assert!(shown.is_empty(), "not in kernels.toml: {shown:?}");
}

#[test]
fn the_names_on_the_page_are_names() {
    let text = read(KERNELS);
    let is_name = |word: &&str| word.starts_with("debian:") && !word.contains("SUITE");
    let words = text.split(|c: char| c.is_whitespace() || "`|\"".contains(c));
    let names: Vec<&str> = words
        .filter(is_name)
        .map(|word| word.trim_end_matches([':', ',']))
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let parsed: KernelName = name.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(parsed.to_string(), name);
    }
}

#[test]
fn the_stanza_on_the_page_adds_a_kernel() {
    let folder = tempfile::tempdir().unwrap();
    let stanza = &blocks(&read(KERNELS), "toml")[0];
    let matrix = read("kernels.toml") + stanza;
    std::fs::write(folder.path().join("kernels.toml"), matrix).unwrap();
    let matrix = Matrix::of(folder.path()).unwrap();
    let before = Matrix::of(&repository()).unwrap();
    let added = matrix.all().unwrap();
    let (new, others) = added.split_last().unwrap();
    assert_eq!(others, before.all().unwrap());
    assert!(stanza.contains(&format!("name = \"{new}\"")), "{new}");
    // It is not among those that are used when nothing is asked for.
    assert_eq!(
        matrix.select(&[], None).unwrap(),
        before.select(&[], None).unwrap()
    );
}

/// The workflow's only job.
fn job() -> Yaml {
    let text = blocks(&read(KERNELS), "yaml").remove(0);
    let workflow = YamlLoader::load_from_str(&text).unwrap().remove(0);
    for event in ["push", "pull_request", "schedule"] {
        let on = field(&workflow, &["on"]).as_hash().unwrap();
        assert!(on.contains_key(&Yaml::String(event.to_owned())), "{event}");
    }
    field(&workflow, &["jobs", "kernels"]).clone()
}

/// What the workflow's steps run, once for each part.
fn commands(job: &Yaml, shard: i64) -> Vec<Cli> {
    let steps = field(job, &["steps"]).as_vec().unwrap().iter();
    let scripts = steps.filter_map(|step| step["run"].as_str());
    let scripts = scripts.map(|text| text.replace("${{ matrix.shard }}", &shard.to_string()));
    let scripts: Vec<String> = scripts.collect();
    let lines = scripts.iter().flat_map(|script| script.lines());
    lines.filter_map(parsed).collect()
}

/// The one test among them.
fn test(job: &Yaml, shard: i64) -> Test {
    let commands = commands(job, shard).into_iter();
    let tests = commands.filter_map(|cli| match cli.verb {
        Verb::Test(test) => Some(test),
        _ => None,
    });
    let [test] = tests.collect::<Vec<_>>().try_into().unwrap();
    test
}

#[test]
fn the_workflow_tests_everything_once() {
    let job = job();
    let shards = field(&job, &["strategy", "matrix", "shard"])
        .as_vec()
        .unwrap();
    let mut parts = Vec::new();
    for shard in shards {
        let test = test(&job, shard.as_i64().unwrap());
        assert!(test.matrix && test.selection.kernel.is_empty());
        parts.push(test.shard.unwrap());
    }
    let all: Vec<Shard> = (1..=shards.len())
        .map(|index| format!("{index}/{}", shards.len()).parse().unwrap())
        .collect();
    assert_eq!(parts, all);
}

#[test]
fn the_workflow_keeps_what_was_fetched_and_what_came_out() {
    let job = job();
    let steps = field(&job, &["steps"]).as_vec().unwrap();
    let uses = |action: &str| {
        let steps = steps.iter().filter(|step| {
            let used = step["uses"].as_str().unwrap_or_default();
            used.split('@').next() == Some(action)
        });
        steps.collect::<Vec<_>>()
    };
    let paths = |step: &&Yaml| field(step, &["with", "path"]).as_str().unwrap().to_owned();
    let caches: Vec<String> = uses("actions/cache").iter().map(paths).collect();
    let kernels = "~/.cache/koxide";
    assert!(read("README.md").contains(&format!("`{kernels}`")));
    assert!(caches.iter().any(|path| path == kernels), "{caches:?}");

    let test = test(&job, 1);
    let kept = uses("actions/upload-artifact");
    let [keep] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    // Results of tests that failed are what somebody wants to see.
    assert_eq!(keep["if"].as_str(), Some("always()"));
    let kept: Vec<String> = paths(keep).lines().map(str::to_owned).collect();
    let written = [test.junit, test.html].map(|file| file.unwrap().display().to_string());
    assert_eq!(kept, written);
    // Two parts that keep results under one name would lose those of one.
    let name = field(keep, &["with", "name"]).as_str().unwrap();
    assert!(name.contains("${{ matrix.shard }}"), "{name}");
}

#[test]
fn the_workflow_brings_what_all_kernels_need() {
    let commands = commands(&job(), 1);
    let Verb::Doctor(doctor) = &commands[0].verb else {
        panic!("{commands:?}");
    };
    assert!(doctor.install && doctor.matrix);
}
