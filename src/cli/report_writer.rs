//! Standard output: the only place that writes there.
//!
//! A reader that goes away (`portcullis check … | head`) is no error: what follows is dropped,
//! and the exit code still tells what was found. Any other failure is kept and reported once,
//! by [`ReportWriter::finish`].

use std::fmt::{self, Display};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

/// Where a report goes, and whether it may be coloured.
pub(crate) struct ReportWriter {
    sink: BufWriter<Box<dyn Write>>,
    failure: Option<io::Error>,
    has_colour: bool,
}

/// How a piece of text is shown on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextStyle {
    Bold,
    Dim,
    Red,
    Yellow,
}

impl ReportWriter {
    /// Standard output, coloured on a terminal unless `NO_COLOR` says otherwise.
    pub(super) fn stdout() -> Self {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let stdout = io::stdout();
        let has_colour = stdout.is_terminal() && !is_refused;
        Self::new(stdout.lock(), has_colour)
    }

    fn new(sink: impl Write + 'static, has_colour: bool) -> Self {
        Self {
            sink: BufWriter::new(Box::new(sink)),
            failure: None,
            has_colour,
        }
    }

    /// Writes one line.
    pub(super) fn line(&mut self, text: impl Display) {
        self.write(format_args!("{text}\n"));
    }

    /// Writes text as it is.
    pub(super) fn write(&mut self, text: impl Display) {
        if self.failure.is_none() {
            self.failure = write!(self.sink, "{text}").err();
        }
    }

    /// The text in a style, where styles are shown.
    pub(super) fn paint<T: Display>(&self, style: TextStyle, text: T) -> StyledText<T> {
        StyledText {
            style: self.has_colour.then_some(style),
            text,
        }
    }

    /// Hands what was written on to the reader.
    ///
    /// # Errors
    /// What kept the output from being written; not that its reader went away.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let flushed = self.sink.flush();
        match self.failure.take().map_or(flushed, Err) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// Text with the sequences around it that a terminal understands (ECMA-48, SGR).
pub(super) struct StyledText<T> {
    style: Option<TextStyle>,
    text: T,
}

impl<T: Display> Display for StyledText<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self.style {
            None => return self.text.fmt(f),
            Some(TextStyle::Bold) => "1",
            Some(TextStyle::Dim) => "2",
            Some(TextStyle::Red) => "31",
            Some(TextStyle::Yellow) => "33",
        };
        write!(f, "\x1b[{code}m")?;
        self.text.fmt(f)?;
        f.write_str("\x1b[0m")
    }
}

/// Says on standard error why something did not work.
pub(super) fn print_error(message: &str) {
    // When standard error is closed too, the exit code is all that can be said.
    let _ = writeln!(io::stderr().lock(), "portcullis: {message}");
}

#[cfg(test)]
pub(super) mod tests {
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

    /// All that `write` prints.
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
    fn styles_only_where_they_are_shown() {
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
    fn a_reader_may_go_away() {
        let finish = |kind| {
            let mut output = ReportWriter::new(Failing(kind), false);
            output.write("a".repeat(100_000));
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
