//! Reads groups, look-arounds, modifiers, and the names of groups.

use crate::pattern_fault::PatternFault;
use crate::pattern_tree::PatternNode;

use super::foreign_syntax::foreign_group;
use super::reader_cursor::{PatternFlags, PatternReader, fault};
use super::unicode_property::has_property;

impl PatternReader<'_> {
    /// Finds the groups that capture, because a reference may come before its group.
    pub(super) fn find_groups(&mut self) {
        let mut is_in_class = false;
        while let Some(next) = self.peek() {
            self.at += 1;
            match next {
                '\\' => self.at += 1,
                '[' => is_in_class = true,
                ']' => is_in_class = false,
                '(' if !is_in_class => self.find_group(),
                _ => {}
            }
        }
        self.at = 0;
    }

    fn find_group(&mut self) {
        if !self.is_next("?") {
            self.names.add(None);
            return;
        }
        let is_named = self.is_next("?<") && !self.is_next("?<=") && !self.is_next("?<!");
        if !(is_named || self.is_tolerant && self.is_next("?P<")) {
            return;
        }
        let start = self.at;
        self.at += if is_named { 2 } else { 3 };
        let name = self.group_name().ok();
        self.names.add(name);
        self.at = start;
    }

    /// A group, from its bracket on.
    pub(super) fn group(
        &mut self,
        flags: PatternFlags,
        depth: usize,
    ) -> Result<PatternNode, PatternFault> {
        let start = self.at;
        self.at += 1;
        let looks = [
            ("?=", true, false),
            ("?!", true, true),
            ("?<=", false, false),
            ("?<!", false, true),
        ];
        for (sign, is_ahead, is_negated) in looks {
            if self.takes(sign) {
                let node = Box::new(self.inside(start, flags, depth)?);
                return Ok(PatternNode::Lookaround {
                    is_ahead,
                    is_negated,
                    node,
                });
            }
        }
        if self.takes("?:") {
            return self.inside(start, flags, depth);
        }
        if !self.is_next("?") {
            let number = self.names.next_number();
            let node = Box::new(self.inside(start, flags, depth)?);
            return Ok(PatternNode::Capture { number, node });
        }
        let is_python = self.is_next("?P<");
        if self.is_next("?<") || is_python {
            return self.named_group(start, flags, depth, is_python);
        }
        if self.takes("?P=") {
            return self.python_reference(start, flags);
        }
        if self.takes("?>") {
            let reason =
                "ECMA-262 has no atomic group: write `(?:…)`, or `(?=(…))\\1` to give nothing back";
            self.foreign(start, reason, "`(?:`, which gives back what it has read")?;
            self.edits.replace(start, self.at, "(?:");
            return self.inside(start, flags, depth);
        }
        if self.is_next("?#") {
            return self.comment(start);
        }
        match self.modifiers()? {
            Some(add) => self.inside(start, add.applied_to(flags), depth),
            None => Err(fault(start, foreign_group(&self.characters[start..]))),
        }
    }

    /// The inside of a group up to its end.
    fn inside(
        &mut self,
        start: usize,
        flags: PatternFlags,
        depth: usize,
    ) -> Result<PatternNode, PatternFault> {
        self.names.open();
        let node = self.alternatives(flags, depth + 1)?;
        self.names.close();
        if self.takes(")") {
            return Ok(node);
        }
        Err(fault(
            start,
            "this group is not closed: write `)` at its end, or `\\(` for the character",
        ))
    }

    fn named_group(
        &mut self,
        start: usize,
        flags: PatternFlags,
        depth: usize,
        is_python: bool,
    ) -> Result<PatternNode, PatternFault> {
        self.at += if is_python { 3 } else { 2 };
        let name_start = self.at;
        if is_python {
            let reason = "a named group is written `(?<name>…)`, without `P`";
            self.foreign(start, reason, "`(?<`")?;
            self.edits.replace(start, name_start, "(?<");
        }
        let name = self.group_name()?;
        if !self.names.declare(&name) {
            let reason = format!("two groups have the name `{name}`: rename one");
            return Err(fault(name_start, reason));
        }
        let number = self.names.next_number();
        let node = Box::new(self.inside(start, flags, depth)?);
        Ok(PatternNode::Capture { number, node })
    }

    fn python_reference(
        &mut self,
        start: usize,
        flags: PatternFlags,
    ) -> Result<PatternNode, PatternFault> {
        let name_start = self.at;
        while self.peek().is_some_and(|c| c != ')') {
            self.at += 1;
        }
        let name = self.text_from(name_start);
        if !self.takes(")") {
            return Err(fault(start, "this group is not closed"));
        }
        let reason = format!("a reference to a named group is written `\\k<{name}>`");
        let meaning = format!("`\\k<{name}>`");
        self.foreign(start, &reason, &meaning)?;
        self.edits
            .replace(start, self.at, &meaning[1..meaning.len() - 1]);
        self.named_reference(start, &name, flags)
    }

    /// A reference to the groups with a name.
    pub(super) fn named_reference(
        &self,
        start: usize,
        name: &str,
        flags: PatternFlags,
    ) -> Result<PatternNode, PatternFault> {
        let numbers = self.names.numbers(name);
        if numbers.is_empty() {
            return Err(fault(start, format!("no group has the name `{name}`")));
        }
        self.reference(start, numbers, flags)
    }

    pub(super) fn reference(
        &self,
        start: usize,
        numbers: Box<[u32]>,
        flags: PatternFlags,
    ) -> Result<PatternNode, PatternFault> {
        if flags.ignores_case {
            let reason = "references inside `(?i:` are not supported";
            return Err(fault(start, reason));
        }
        Ok(PatternNode::BackReference(numbers))
    }

    fn comment(&mut self, start: usize) -> Result<PatternNode, PatternFault> {
        while self.peek().is_some_and(|c| c != ')') {
            self.at += 1;
        }
        if !self.takes(")") {
            return Err(fault(start, "this group is not closed"));
        }
        self.foreign(start, "ECMA-262 has no comments: remove it", "nothing")?;
        self.edits.replace(start, self.at, "(?:)");
        Ok(PatternNode::Empty)
    }

    /// The flags of a tolerant reading at the start of the pattern, such as `(?i)`, which apply to
    /// all of it.
    pub(super) fn leading_flags(&mut self) -> Result<PatternFlags, PatternFault> {
        let mut flags = PatternFlags::default();
        let start = usize::from(self.is_next("^"));
        let rest = &self.characters[start..];
        let inside = rest.iter().skip(2).take_while(|c| **c != ')');
        let letters: String = inside.copied().collect();
        let end = start + 3 + letters.chars().count();
        let is_flags = rest.starts_with(&['(', '?'])
            && end <= self.characters.len()
            && !letters.is_empty()
            && letters.chars().all(|c| matches!(c, 'i' | 's' | 'm' | 'u'))
            && !(start > 0 && letters.contains('m'));
        if !self.is_tolerant || !is_flags {
            return Ok(flags);
        }
        flags.ignores_case = letters.contains('i');
        flags.dot_is_all = letters.contains('s');
        flags.is_multiline = letters.contains('m');
        self.at = end;
        let written: String = letters.chars().filter(|c| *c != 'u').collect();
        let meaning = if written.is_empty() {
            "nothing".to_owned()
        } else {
            format!("`(?{written}:…)` around the whole pattern")
        };
        self.foreign(start, "", &meaning)?;
        self.edits.replace(start, end, "");
        if !written.is_empty() {
            let mut unique: Vec<char> = written.chars().collect();
            unique.sort_unstable();
            unique.dedup();
            let unique: String = unique.into_iter().collect();
            self.edits.replace(0, 0, &format!("(?{unique}:"));
            let length = self.characters.len();
            self.edits.replace(length, length, ")");
        }
        self.skipped = start..end;
        self.at = 0;
        Ok(flags)
    }

    /// `?ims-ims:` after the bracket; `None` if it is something else.
    fn modifiers(&mut self) -> Result<Option<FlagChanges>, PatternFault> {
        let start = self.at;
        let mut changes = FlagChanges::default();
        let mut is_removing = false;
        let mut offset = 1;
        loop {
            match self.peek_at(offset) {
                Some('-') if !is_removing => is_removing = true,
                Some(':') => break,
                Some(letter @ ('i' | 'm' | 's')) => {
                    if !changes.change(letter, !is_removing) {
                        let reason = format!("the flag `{letter}` is given twice");
                        return Err(fault(start + offset, reason));
                    }
                }
                _ => return Ok(None),
            }
            offset += 1;
        }
        if changes.0.is_empty() {
            return Ok(None);
        }
        self.at += offset + 1;
        Ok(Some(changes))
    }

    /// The name of a group up to `>`, after `<`.
    pub(super) fn group_name(&mut self) -> Result<String, PatternFault> {
        let start = self.at;
        let mut name = String::new();
        loop {
            let at = self.at;
            let Some(next) = self.peek() else {
                return Err(fault(start, "the name of the group has no `>` at its end"));
            };
            self.at += 1;
            let character = match next {
                '>' if !name.is_empty() => return Ok(name),
                '\\' if self.takes("u") => {
                    let code_point = self.unicode_escape(at)?;
                    char::from_u32(code_point).unwrap_or('\0')
                }
                other => other,
            };
            let is_allowed = if name.is_empty() {
                is_identifier_start(character)
            } else {
                is_identifier_part(character)
            };
            if !is_allowed {
                let reason = "the name of a group has letters, digits, `_` and `$`, and does not begin with a digit";
                return Err(fault(at, reason));
            }
            name.push(character);
        }
    }
}

/// The flags that a group sets and clears.
#[derive(Debug, Default)]
struct FlagChanges(Vec<(char, bool)>);

impl FlagChanges {
    /// Returns false if the flag occurs twice.
    fn change(&mut self, letter: char, is_set: bool) -> bool {
        let is_new = self.0.iter().all(|(known, _)| *known != letter);
        self.0.push((letter, is_set));
        is_new
    }

    fn applied_to(&self, mut flags: PatternFlags) -> PatternFlags {
        for (letter, is_set) in &self.0 {
            match letter {
                'i' => flags.ignores_case = *is_set,
                'm' => flags.is_multiline = *is_set,
                _ => flags.dot_is_all = *is_set,
            }
        }
        flags
    }
}

fn is_identifier_start(c: char) -> bool {
    match c {
        '$' | '_' => true,
        _ if c.is_ascii() => c.is_ascii_alphabetic(),
        _ => has_property(c, "ID_Start"),
    }
}

fn is_identifier_part(c: char) -> bool {
    match c {
        '$' | '_' | '\u{200c}' | '\u{200d}' => true,
        _ if c.is_ascii() => c.is_ascii_alphanumeric(),
        _ => has_property(c, "ID_Continue"),
    }
}
