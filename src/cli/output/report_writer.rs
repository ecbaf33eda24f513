//! The only place that writes to standard output.
//!
//! A closed pipe (`portcullis check … | head`) is not an error: the rest of the output is dropped
//! and the exit code is the same. Any other failure is kept and returned once, by
//! [`ReportWriter::finish`].
//!
//! Reports contain texts of contracts, catalogs and arguments. Here and in [`print_error`] they lose
//! every effect on terminals and pipelines.

use std::fmt::{self, Display};
use std::io::{self, BufWriter, ErrorKind, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::escaping::{escape_document, escape_line, escape_lines};
use super::output_args::OutputArgs;

/// A buffered sink for a report, and whether the report may be coloured.
pub(crate) struct ReportWriter {
    sink: BufWriter<Box<dyn Write>>,
    failure: Option<io::Error>,
    has_colour: bool,
}

/// How a piece of text looks on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextStyle {
    Bold,
    Dim,
    Red,
    Yellow,
}

impl From<TextStyle> for Style {
    fn from(style: TextStyle) -> Self {
        match style {
            TextStyle::Bold => Self::new().bold(),
            TextStyle::Dim => Self::new().dimmed(),
            TextStyle::Red => AnsiColor::Red.on_default(),
            TextStyle::Yellow => AnsiColor::Yellow.on_default(),
        }
    }
}

impl ReportWriter {
    /// Standard output. Without another choice it is coloured if it is a terminal and the environment
    /// (`NO_COLOR`) allows it.
    pub(crate) fn stdout(args: OutputArgs) -> Self {
        if args.quiet {
            return Self::new(io::sink(), false);
        }
        let stdout = io::stdout();
        let has_colour = match args.color.into() {
            ColorChoice::Auto => AutoStream::choice(&stdout) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        };
        Self::new(stdout.lock(), has_colour)
    }

    fn new(sink: impl Write + 'static, has_colour: bool) -> Self {
        Self {
            sink: BufWriter::new(Box::new(sink)),
            failure: None,
            has_colour,
        }
    }

    /// Writes one line. Line breaks in the text are escaped.
    pub(crate) fn line(&mut self, text: impl Display) {
        let text = text.to_string();
        let mut line = escape_line(&text);
        if self.has_colour {
            restore_styles(&mut line);
        }
        line.push('\n');
        self.print(&line);
    }

    /// Writes text of any number of lines, without adding a line break.
    pub(crate) fn write(&mut self, text: &str) {
        self.print(&escape_lines(text));
    }

    /// Writes a document of workflow commands, whose texts have been escaped for them.
    pub(crate) fn write_commands(&mut self, text: &str) {
        self.print(&escape_document(text));
    }

    fn print(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.sink.write_all(text.as_bytes()).err();
        }
    }

    /// The text in a style, or plain if the output is not coloured.
    pub(crate) fn paint<T: Display>(&self, style: TextStyle, text: T) -> StyledText<T> {
        StyledText {
            style: if self.has_colour {
                style.into()
            } else {
                Style::new()
            },
            text,
        }
    }

    /// Flushes the output.
    ///
    /// # Errors
    /// The first failure of the output, unless the reader closed the pipe.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let flushed = self.sink.flush();
        match self.failure.take().map_or(flushed, Err) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// Text with the escape sequences of its style. A plain style has none.
pub(crate) struct StyledText<T> {
    style: Style,
    text: T,
}

impl<T: Display> Display for StyledText<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { style, text } = self;
        write!(f, "{style}")?;
        text.fmt(f)?;
        write!(f, "{style:#}")
    }
}

/// Turns the escaped sequences of [`TextStyle`] back. Others stay escaped. A text that spells out such
/// an escape is coloured by it, and no other text.
fn restore_styles(line: &mut String) {
    for style in [
        TextStyle::Bold,
        TextStyle::Dim,
        TextStyle::Red,
        TextStyle::Yellow,
    ] {
        let style = Style::from(style);
        for sequence in [style.render().to_string(), style.render_reset().to_string()] {
            let escaped = escape_line(&sequence);
            if line.contains(&escaped) {
                *line = line.replace(&escaped, &sequence);
            }
        }
    }
}

/// Prints an error to standard error. It may have several lines.
pub(crate) fn print_error(message: &str) {
    let message = escape_lines(message);
    // If standard error is closed too, only the exit code is left.
    let _ = writeln!(io::stderr().lock(), "portcullis: {message}");
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Everything that `write` prints.
    pub(crate) fn printed(write: impl FnOnce(&mut ReportWriter)) -> String {
        printed_with(false, write)
    }

    fn printed_with(has_colour: bool, write: impl FnOnce(&mut ReportWriter)) -> String {
        let shared = Shared::default();
        let mut output = ReportWriter::new(shared.clone(), has_colour);
        write(&mut output);
        output.finish().unwrap();
        let bytes = shared.0.borrow().clone();
        String::from_utf8(bytes).unwrap()
    }

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn styles_text_only_if_coloured() {
        let write = |out: &mut ReportWriter| {
            let text = out
                .paint(TextStyle::Red, format_args!("{:<5}", "ab"))
                .to_string();
            out.line(format_args!("{text}|"));
        };
        assert_eq!(printed_with(false, write), "ab   |\n");
        assert_eq!(printed_with(true, write), "\x1b[31mab   \x1b[0m|\n");
    }

    #[test]
    fn escapes_texts_from_outside() {
        let write = |out: &mut ReportWriter| {
            let text = out.paint(TextStyle::Red, "a\n\u{1b}[5mb").to_string();
            out.line(text);
            out.write("::stop-commands::x\n\u{202e}\n");
            out.write_commands("::error::x\u{1b}\n");
        };
        let rest = ":\\u003astop-commands::x\n\\u202e\n::error::x\\u001b\n";
        let plain = format!("a\\n\\u001b[5mb\n{rest}");
        assert_eq!(printed_with(false, write), plain);
        let coloured = format!("\u{1b}[31ma\\n\\u001b[5mb\u{1b}[0m\n{rest}");
        assert_eq!(printed_with(true, write), coloured);
    }

    #[test]
    fn ignores_a_closed_pipe_only() {
        let finish = |kind| {
            let mut output = ReportWriter::new(Failing(kind), false);
            output.write(&"a".repeat(100_000));
            output.line("b");
            output.finish()
        };
        assert!(finish(ErrorKind::BrokenPipe).is_ok());
        assert_eq!(
            finish(ErrorKind::StorageFull).unwrap_err().kind(),
            ErrorKind::StorageFull
        );
    }
}
