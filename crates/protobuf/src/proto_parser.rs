//! Reads the tokens of a Protobuf file one after the other, and the options, which stand everywhere.

use std::ops::RangeInclusive;

use crate::proto_file::{ProtoFile, TextFault, TextPlace};
use crate::proto_token::{ProtoToken, ProtoTokenKind, tokens};

/// The greatest number of a field.
pub(crate) const NUMBER_MAX: u32 = (1 << 29) - 1;

pub(crate) type Parsed<T> = Result<T, TextFault>;

/// A file that is being read.
pub(crate) struct ProtoParser<'t> {
    tokens: Vec<ProtoToken<'t>>,
    at: usize,
    /// How many messages are open.
    pub(crate) depth: usize,
    /// What was read.
    pub(crate) file: ProtoFile,
}

/// What the options of a field say.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) json_name: Option<String>,
    pub(crate) is_packed: Option<bool>,
    pub(crate) default: Option<String>,
}

impl<'t> ProtoParser<'t> {
    pub(crate) fn of(text: &'t str) -> Parsed<Self> {
        Ok(Self {
            tokens: tokens(text)?,
            at: 0,
            depth: 0,
            file: ProtoFile::default(),
        })
    }

    /// The token after the next one.
    pub(crate) fn after(&self) -> &ProtoTokenKind<'t> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    pub(crate) fn peek(&self) -> &ProtoToken<'t> {
        &self.tokens[self.at]
    }

    pub(crate) fn next(&mut self) -> ProtoToken<'t> {
        let token = self.tokens[self.at].clone();
        // The end stays.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(crate) fn place(&self) -> TextPlace {
        let ProtoToken { line, column, .. } = *self.peek();
        TextPlace { line, column }
    }

    pub(crate) fn expected<T>(&self, what: &str) -> Parsed<T> {
        let found = match &self.peek().kind {
            ProtoTokenKind::Word(word) => format!("`{word}`"),
            ProtoTokenKind::Integer(_) | ProtoTokenKind::Decimal(_) => "a number".to_owned(),
            ProtoTokenKind::Text(_) => "a text".to_owned(),
            ProtoTokenKind::Symbol(symbol) => format!("`{symbol}`"),
            ProtoTokenKind::End => "the end of the text".to_owned(),
        };
        Err(self.fault(format!("expected {what}, found {found}")))
    }

    pub(crate) fn fault(&self, message: String) -> TextFault {
        let TextPlace { line, column } = self.place();
        TextFault {
            line,
            column,
            message,
        }
    }

    pub(crate) fn is_symbol(&self, symbol: char) -> bool {
        self.peek().kind == ProtoTokenKind::Symbol(symbol)
    }

    pub(crate) fn takes_symbol(&mut self, symbol: char) -> bool {
        let is_it = self.is_symbol(symbol);
        if is_it {
            self.next();
        }
        is_it
    }

    pub(crate) fn symbol(&mut self, symbol: char) -> Parsed<()> {
        if self.takes_symbol(symbol) {
            return Ok(());
        }
        self.expected(&format!("`{symbol}`"))
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek().kind, ProtoTokenKind::Word(own) if own == word)
    }

    pub(crate) fn takes_word(&mut self, word: &str) -> bool {
        let is_it = self.is_word(word);
        if is_it {
            self.next();
        }
        is_it
    }

    pub(crate) fn word(&mut self, what: &str) -> Parsed<&'t str> {
        let ProtoTokenKind::Word(word) = self.peek().kind else {
            return self.expected(what);
        };
        self.next();
        Ok(word)
    }

    /// A name with dots; with a dot before it, if it is complete.
    pub(crate) fn full_name(&mut self) -> Parsed<String> {
        let mut name = String::new();
        if self.takes_symbol('.') {
            name.push('.');
        }
        name.push_str(self.word("a name")?);
        while self.takes_symbol('.') {
            name.push('.');
            name.push_str(self.word("a name")?);
        }
        Ok(name)
    }

    /// A text, which may be written in several parts.
    pub(crate) fn text(&mut self) -> Parsed<String> {
        let ProtoTokenKind::Text(mut text) = self.peek().kind.clone() else {
            return self.expected("a text in quotation marks");
        };
        self.next();
        while let ProtoTokenKind::Text(more) = self.peek().kind.clone() {
            text.push_str(&more);
            self.next();
        }
        Ok(text)
    }

    pub(crate) fn integer(&mut self) -> Parsed<i128> {
        let is_negative = self.takes_symbol('-');
        let ProtoTokenKind::Integer(integer) = self.peek().kind else {
            return self.expected("an integer");
        };
        self.next();
        let integer = i128::from(integer);
        Ok(if is_negative { -integer } else { integer })
    }

    /// Skips what stands in braces.
    pub(crate) fn block(&mut self) -> Parsed<()> {
        self.symbol('{')?;
        let mut depth = 1_usize;
        while depth > 0 {
            match self.peek().kind {
                ProtoTokenKind::Symbol('{') => depth += 1,
                ProtoTokenKind::Symbol('}') => depth -= 1,
                ProtoTokenKind::End => return self.expected("`}`"),
                _ => {}
            }
            self.next();
        }
        Ok(())
    }

    /// The name of an option and its value, if it is simple.
    pub(crate) fn option(&mut self) -> Parsed<(String, String)> {
        let option = self.option_value()?;
        self.symbol(';')?;
        Ok(option)
    }

    pub(crate) fn option_value(&mut self) -> Parsed<(String, String)> {
        let mut name = String::new();
        loop {
            if self.takes_symbol('(') {
                name.push_str(&format!("({})", self.full_name()?));
                self.symbol(')')?;
            } else {
                name.push_str(self.word("the name of an option")?);
            }
            if !self.takes_symbol('.') {
                break;
            }
            name.push('.');
        }
        self.symbol('=')?;
        if self.is_symbol('{') {
            self.block()?;
            return Ok((name, String::new()));
        }
        let sign = if self.takes_symbol('-') {
            "-"
        } else {
            self.takes_symbol('+');
            ""
        };
        let value = match self.peek().kind.clone() {
            ProtoTokenKind::Word(_) => self.full_name()?,
            ProtoTokenKind::Integer(integer) => {
                self.next();
                integer.to_string()
            }
            ProtoTokenKind::Decimal(decimal) => {
                self.next();
                let number: Result<f64, _> = decimal.parse();
                number.map_or_else(|_| decimal.to_owned(), |number| number.to_string())
            }
            ProtoTokenKind::Text(_) => self.text()?,
            ProtoTokenKind::Symbol(_) | ProtoTokenKind::End => {
                return self.expected("the value of an option");
            }
        };
        Ok((name, format!("{sign}{value}")))
    }

    pub(crate) fn field_options(&mut self) -> Parsed<FieldOptions> {
        let mut options = FieldOptions::default();
        if !self.takes_symbol('[') {
            return Ok(options);
        }
        loop {
            let (name, value) = self.option_value()?;
            match &*name {
                "packed" => options.is_packed = Some(value == "true"),
                "json_name" => options.json_name = Some(value),
                "default" => options.default = Some(value),
                _ => {}
            }
            if !self.takes_symbol(',') {
                break;
            }
        }
        self.symbol(']')?;
        Ok(options)
    }

    pub(crate) fn names(&mut self, names: &mut Vec<String>) -> Parsed<()> {
        loop {
            names.push(self.text()?);
            if !self.takes_symbol(',') {
                return Ok(());
            }
        }
    }

    pub(crate) fn ranges<N: TryFrom<i128> + Copy + RangeEnd>(
        &mut self,
        ranges: &mut Vec<RangeInclusive<N>>,
    ) -> Parsed<()> {
        loop {
            let first = self.range_end::<N>()?;
            let last = if !self.takes_word("to") {
                first
            } else if self.takes_word("max") {
                N::MAX
            } else {
                self.range_end::<N>()?
            };
            ranges.push(first..=last);
            if !self.takes_symbol(',') {
                return Ok(());
            }
        }
    }

    pub(crate) fn range_end<N: TryFrom<i128>>(&mut self) -> Parsed<N> {
        let place = self.place();
        let number = self.integer()?;
        number.try_into().map_err(|_| TextFault {
            line: place.line,
            column: place.column,
            message: format!("{number} is not in the range of such numbers"),
        })
    }
}

/// The greatest number of a range, which `max` means.
pub(crate) trait RangeEnd {
    const MAX: Self;
}

impl RangeEnd for u32 {
    const MAX: Self = NUMBER_MAX;
}

impl RangeEnd for i32 {
    const MAX: Self = Self::MAX;
}
