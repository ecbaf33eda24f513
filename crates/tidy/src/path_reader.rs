//! Reads the paths and the declared items of a file from its tokens.
//!
//! A `use` tree is expanded to one path for each name. Any other path counts from two segments
//! on; a single name is a local or was imported.

use crate::lexer::{Token, TokenKind};
use crate::named_path::{FilePaths, NamedPath, PathRole};

/// Reads the paths and items of production code.
pub fn read<'a>(code: &[Token<'a>]) -> FilePaths<'a> {
    let mut reader = PathReader {
        code,
        at: 0,
        modules: Vec::new(),
        depth: 0,
        found: FilePaths::default(),
    };
    while reader.at < code.len() {
        reader.step();
    }
    reader.found
}

struct PathReader<'a, 'c> {
    code: &'c [Token<'a>],
    at: usize,
    /// Open inline modules, each with the bracket depth before its brace.
    modules: Vec<(&'a str, usize)>,
    depth: usize,
    found: FilePaths<'a>,
}

impl<'a> PathReader<'a, '_> {
    fn step(&mut self) {
        const ITEMS: [&str; 8] = [
            "struct", "enum", "trait", "union", "type", "fn", "const", "static",
        ];
        let token = self.code[self.at];
        if token.kind == TokenKind::Punctuation {
            self.step_over_mark(token.text);
        } else if token.kind != TokenKind::Identifier {
            self.at += 1;
        } else if token.text == "use" && !self.is_at("<", 1) {
            let is_public = self.is_public_before();
            self.at += 1;
            self.read_tree(&mut Vec::new(), is_public);
        } else if token.text == "mod" && self.is_at("{", 2) {
            let name = self.code[self.at + 1].text;
            self.modules.push((name, self.depth));
            self.found.inline_modules.insert(self.module_names());
            self.depth += 1;
            self.at += 3;
        } else if token.text == "macro_rules" && self.is_at("!", 1) {
            self.declare(2);
        } else if self.is_item_level() && ITEMS.contains(&token.text) {
            self.declare(1);
        } else {
            self.read_qualified();
        }
    }

    fn step_over_mark(&mut self, mark: &str) {
        match mark {
            "{" | "(" | "[" => self.depth += 1,
            "}" | ")" | "]" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self
            .modules
            .last()
            .is_some_and(|(_, depth)| *depth == self.depth && mark == "}")
        {
            self.modules.pop();
        }
        self.at += 1;
    }

    fn is_item_level(&self) -> bool {
        self.depth == self.modules.last().map_or(0, |(_, depth)| depth + 1)
    }

    fn module_names(&self) -> Vec<&'a str> {
        self.modules.iter().map(|(name, _)| *name).collect()
    }

    fn is_at(&self, text: &str, offset: usize) -> bool {
        self.code
            .get(self.at + offset)
            .is_some_and(|token| token.is(text))
    }

    fn is_path_separator(&self, offset: usize) -> bool {
        self.is_at(":", offset) && self.is_at(":", offset + 1)
    }

    /// Whether `pub` or `pub(…)` stands before the token here.
    fn is_public_before(&self) -> bool {
        let before = &self.code[self.at.saturating_sub(6)..self.at];
        let words = before
            .iter()
            .rev()
            .take_while(|token| !token.is(";") && !token.is("}"));
        words.into_iter().any(|token| token.is("pub"))
    }

    fn declare(&mut self, offset: usize) {
        if let Some(name) = self.code.get(self.at + offset) {
            self.found.items.insert((self.module_names(), name.text));
        }
        // The name of a constant or alias may stand right before a path, never begin one.
        self.at += offset;
    }

    /// Reads a path of at least two segments; skips anything else.
    fn read_qualified(&mut self) {
        let line = self.code[self.at].line;
        let continues = self.at > 0
            && (self.code[self.at - 1].is(":") && self.at > 1 && self.code[self.at - 2].is(":")
                || self.code[self.at - 1].is("."));
        let mut segments = vec![self.code[self.at].text];
        self.at += 1;
        while self.is_path_separator(0) {
            match self
                .code
                .get(self.at + 2)
                .filter(|next| next.kind == TokenKind::Identifier)
            {
                Some(next) => segments.push(next.text),
                None => break,
            }
            self.at += 3;
        }
        if segments.len() > 1 && !continues {
            self.push(segments, line, PathRole::Qualified);
        }
    }

    fn push(&mut self, segments: Vec<&'a str>, line: usize, role: PathRole<'a>) {
        let inline_modules = self.module_names();
        self.found.paths.push(NamedPath {
            inline_modules,
            segments,
            line,
            role,
        });
    }

    /// Reads one branch of a `use` tree, up to the mark that ends it.
    fn read_tree(&mut self, prefix: &mut Vec<&'a str>, is_public: bool) {
        let length = prefix.len();
        while let Some(token) = self.code.get(self.at).copied() {
            if token.is("{") {
                self.read_branches(prefix, is_public);
                break;
            } else if token.is("*") {
                self.at += 1;
                self.push(prefix.clone(), token.line, PathRole::Glob { is_public });
                break;
            } else if token.kind == TokenKind::Identifier {
                self.at += 1;
                prefix.push(token.text);
                if !self.is_path_separator(0) {
                    self.push_import(prefix.clone(), token.line, is_public);
                    break;
                }
            } else if token.is(":") {
                self.at += 1;
            } else {
                break;
            }
        }
        prefix.truncate(length);
    }

    fn read_branches(&mut self, prefix: &mut Vec<&'a str>, is_public: bool) {
        self.at += 1;
        while self.at < self.code.len() && !self.is_at("}", 0) {
            if self.is_at(",", 0) {
                self.at += 1;
            } else {
                let before = self.at;
                self.read_tree(prefix, is_public);
                self.at = self.at.max(before + 1);
            }
        }
        self.at += 1;
    }

    fn push_import(&mut self, mut segments: Vec<&'a str>, line: usize, is_public: bool) {
        if segments.len() > 1 && segments.last() == Some(&"self") {
            segments.pop();
        }
        let mut name = segments.last().copied().unwrap_or_default();
        if self.is_at("as", 0) {
            name = self.code.get(self.at + 1).map_or(name, |token| token.text);
            self.at += 2;
        }
        self.push(segments, line, PathRole::Import { name, is_public });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::tokens;

    fn check(source: &str, expected: &[&str]) {
        let code = tokens(source);
        let show = |path: &NamedPath<'_>| {
            let shown = [path.inline_modules.join("."), path.segments.join("::")].join(" ");
            let role = match path.role {
                PathRole::Import { name, is_public } => {
                    format!("{} as {name}", if is_public { " pub" } else { "" })
                }
                PathRole::Glob { .. } => "::*".into(),
                PathRole::Qualified => String::new(),
            };
            format!("{}{role}", shown.trim_start())
        };
        let found: Vec<_> = read(&code).paths.iter().map(show).collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn imports_are_expanded() {
        check("use a::b;", &["a::b as b"]);
        check(
            "pub use a::{self, b as c, d::{e, F::*}};",
            &[
                "a pub as a",
                "a::b pub as c",
                "a::d::e pub as e",
                "a::d::F::*",
            ],
        );
        check(
            "pub(crate) use super::a;\nuse b;",
            &["super::a pub as a", "b as b"],
        );
        check("mod x { use super::a; }", &["x super::a as a"]);
    }

    #[test]
    fn paths_in_code_are_found() {
        check(
            "fn a() { b::c(d.e::<f::G>()); Self::h; i }",
            &["b::c", "f::G", "Self::h"],
        );
        check(
            "impl crate::a::B for super::C {}",
            &["crate::a::B", "super::C"],
        );
        check("::std::fs::read()", &[]);
    }

    #[test]
    fn items_belong_to_their_module() {
        let code =
            tokens("struct A; fn b() { const C: u8 = 1; } mod d { enum E {} } macro_rules! f {}");
        let mut items: Vec<_> = read(&code)
            .items
            .into_iter()
            .map(|(path, name)| (path.concat(), name))
            .collect();
        items.sort();
        let expected = [("", "A"), ("", "b"), ("", "f"), ("d", "E")];
        assert_eq!(items, expected.map(|(path, name)| (path.to_owned(), name)));
    }
}
