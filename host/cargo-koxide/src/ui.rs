// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the user sees: status lines in cargo's manner and progress bars on standard error, results on standard output.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::{Style, Term, style};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::{Color, Common};

/// How wide the first word of a status line is, as cargo's.
const WORD: usize = 12;

/// The user's terminal, with the options that say how to write to it.
#[derive(Debug)]
pub(crate) struct Ui {
    quiet: bool,
    verbose: bool,
    /// Bars move only where somebody can see them.
    animated: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Ui {
    /// Sets up colours and the printing of commands.
    pub(crate) fn new(options: &Common) -> Self {
        let colors = match options.color {
            Color::Always => Some(true),
            Color::Never => Some(false),
            Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) => {
                Some(false)
            }
            Color::Auto => None,
        };
        if let Some(colors) = colors {
            console::set_colors_enabled(colors);
            console::set_colors_enabled_stderr(colors);
        }
        if options.verbose {
            show_commands();
        }
        let animated = !options.quiet && !options.verbose && Term::stderr().is_term();
        Self {
            quiet: options.quiet,
            verbose: options.verbose,
            animated,
            bar: Mutex::default(),
        }
    }

    /// Whether the user wants to see everything.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether bars move.
    pub(crate) fn is_animated(&self) -> bool {
        self.animated
    }

    /// Whether the user wants to see results and errors only.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Says what is being done, as cargo does: one word, then what with.
    pub(crate) fn status(&self, word: &str, what: impl Display) {
        self.line(&Style::new().green().bold(), word, what);
    }

    /// Says something that the user should know, and that stops nothing.
    pub(crate) fn note(&self, what: impl Display) {
        self.line(&Style::new().cyan().bold(), "Note", what);
    }

    fn line(&self, word_style: &Style, word: &str, what: impl Display) {
        if !self.quiet {
            let word = word_style
                .clone()
                .for_stderr()
                .apply_to(format!("{word:>WORD$}"));
            self.above_bar(|| eprintln!("{word} {what}"));
        }
    }

    /// Says what went wrong, with all its causes, whatever the options.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        self.finish();
        eprintln!("{}: {error}", style("error").for_stderr().red().bold());
        for cause in error.chain().skip(1) {
            eprintln!("  {}: {cause}", style("because").for_stderr().bold());
        }
    }

    /// Prints a line of the result.
    pub(crate) fn result(&self, line: impl Display) {
        self.above_bar(|| println!("{line}"));
    }

    /// Passes on bytes of the result as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        self.above_bar(|| {
            let mut out = std::io::stdout().lock();
            // A reader that went away, as in `| head`, is no error of ours.
            let _ = out.write_all(bytes);
            let _ = out.flush();
        });
    }

    /// Passes on bytes that are no part of the result.
    pub(crate) fn raw_error(&self, bytes: &[u8]) {
        self.above_bar(|| {
            let _ = std::io::stderr().lock().write_all(bytes);
        });
    }

    /// Prints a line of the guest's kernel log.
    pub(crate) fn log(&self, line: &str) {
        let line = style(line).for_stderr().dim();
        self.above_bar(|| eprintln!("{line}"));
    }

    /// Shows how far a long step is; `total` is zero while it is not known.
    pub(crate) fn progress(&self, what: &str, done: u64, total: u64) {
        self.bar_of("{bytes}/{total_bytes} {eta}", what, done, total);
    }

    /// Shows how many parts of a long step are done.
    pub(crate) fn steps(&self, what: &str, done: u64, total: u64) {
        self.bar_of("{percent:>3}% {elapsed}", what, done, total);
    }

    fn bar_of(&self, figures: &str, what: &str, done: u64, total: u64) {
        if !self.animated {
            return;
        }
        let mut slot = self.bar();
        let bar = slot.get_or_insert_with(|| {
            let bar = ProgressBar::no_length();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let template = if total > 0 {
            format!("{{prefix:>12.cyan.bold}} [{{bar:30}}] {figures} {{wide_msg}}")
        } else {
            "{prefix:>12.cyan.bold} {spinner} {elapsed} {wide_msg}".to_owned()
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        if total > 0 {
            bar.set_length(total);
        }
        bar.set_position(done);
        bar.set_prefix("Working");
        bar.set_message(what.to_owned());
    }

    /// Takes the progress bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    /// The bar; whoever panicked while moving it left nothing half done.
    fn bar(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn above_bar(&self, print: impl FnOnce()) {
        match &*self.bar() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

/// Prints each command that is run, as a line that can be pasted.
fn show_commands() {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::prelude::*;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_filter(Targets::new().with_target(koxide_process::TARGET, tracing::Level::DEBUG));
    tracing_subscriber::registry().with(lines).init();
}
