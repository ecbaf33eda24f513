//! Generates patterns from the grammar of ECMA-262.

use fastrand::Rng;

/// Characters of several scripts, and those that patterns treat in a special way.
pub(super) const CHARACTERS: [char; 44] = [
    'a',
    'b',
    'c',
    'k',
    's',
    'x',
    'z',
    'A',
    'B',
    'K',
    'S',
    'Z',
    '0',
    '1',
    '7',
    '9',
    '_',
    '-',
    '.',
    ' ',
    '@',
    ':',
    '/',
    '<',
    '\t',
    '\n',
    '\r',
    '\u{85}',
    '\u{a0}',
    'é',
    'ß',
    'Ł',
    '\u{17f}',
    '\u{212a}',
    'ب',
    'ي',
    '١',
    '\u{180e}',
    '\u{2028}',
    '\u{2029}',
    '\u{feff}',
    '日',
    '😀',
    '\u{10ffff}',
];

const PROPERTIES: [&str; 24] = [
    "L",
    "Lu",
    "Ll",
    "Letter",
    "N",
    "Nd",
    "P",
    "Zs",
    "S",
    "Cc",
    "Any",
    "ASCII",
    "Alphabetic",
    "White_Space",
    "Emoji",
    "ID_Start",
    "Script=Arabic",
    "sc=Latn",
    "scx=Grek",
    "Script=Han",
    "gc=Lu",
    "General_Category=Decimal_Number",
    "Uppercase",
    "Cs",
];

/// Writes one pattern. Most are anchored, as in contracts.
pub(super) fn pattern(rng: &mut Rng) -> String {
    let mut writer = PatternWriting {
        rng,
        out: String::new(),
        groups: 0,
        names: 0,
        left: 24,
    };
    let has_start = writer.rng.u8(..3) > 0;
    let has_end = writer.rng.u8(..3) > 0;
    if has_start {
        writer.out.push('^');
    }
    writer.alternatives(3);
    if has_end {
        writer.out.push('$');
    }
    // A reference to a group that does not exist is not valid.
    let groups = writer.groups;
    let mut out = writer.out;
    for number in groups + 1..=3 {
        out = out.replace(&format!("\\{number}"), "\\d");
    }
    for number in writer.names + 1..=2 {
        out = out.replace(&format!("\\k<n{number}>"), "\\w");
    }
    out
}

/// A pattern with one character removed, doubled or inserted, which is often not valid.
pub(super) fn damaged(rng: &mut Rng, pattern: &str) -> String {
    let mut characters: Vec<char> = pattern.chars().collect();
    if characters.is_empty() {
        return "(".to_owned();
    }
    let at = rng.usize(..characters.len());
    match rng.u8(..3) {
        0 => drop(characters.remove(at)),
        1 => characters.insert(at, characters[at]),
        _ => {
            const SIGNS: [char; 20] = [
                '(', ')', '[', ']', '{', '}', '*', '+', '?', '\\', '|', '^', '-', '<', '>', ':',
                'u', 'P', '0', ',',
            ];
            characters.insert(at, SIGNS[rng.usize(..SIGNS.len())]);
        }
    }
    characters.into_iter().collect()
}

struct PatternWriting<'r> {
    rng: &'r mut Rng,
    out: String,
    groups: u32,
    names: u32,
    left: u32,
}

impl PatternWriting<'_> {
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }

    fn alternatives(&mut self, depth: u32) {
        self.row(depth);
        while self.rng.u8(..6) == 0 && self.left > 0 {
            self.out.push('|');
            self.row(depth);
        }
    }

    fn row(&mut self, depth: u32) {
        let parts = self.rng.u8(..5);
        for _ in 0..parts {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            if self.rng.u8(..7) == 0 {
                self.condition(depth);
            } else {
                self.atom(depth);
                self.quantifier();
            }
        }
    }

    fn condition(&mut self, depth: u32) {
        match self.rng.u8(..6) {
            0 => self.out.push_str("\\b"),
            1 => self.out.push_str("\\B"),
            2 => self.out.push('^'),
            3 => self.out.push('$'),
            _ if depth == 0 => {}
            _ => {
                let open = self.pick(&["(?=", "(?!", "(?<=", "(?<!"]);
                self.out.push_str(open);
                self.alternatives(depth - 1);
                self.out.push(')');
            }
        }
    }

    fn atom(&mut self, depth: u32) {
        match self.rng.u8(..16) {
            0..=4 => self.character(false),
            5 => self.out.push('.'),
            6..=7 => self.class_escape(),
            8..=11 => self.class(),
            12 => {
                let reference = self.pick(&["\\1", "\\2", "\\3", "\\k<n1>", "\\k<n2>"]);
                self.out.push_str(reference);
            }
            _ if depth == 0 => self.character(false),
            13 => {
                self.groups += 1;
                self.out.push('(');
                self.alternatives(depth - 1);
                self.out.push(')');
            }
            14 => {
                self.groups += 1;
                self.names += 1;
                self.out.push_str(&format!("(?<n{}>", self.names));
                self.alternatives(depth - 1);
                self.out.push(')');
            }
            _ => {
                self.out.push_str("(?:");
                self.alternatives(depth - 1);
                self.out.push(')');
            }
        }
    }

    fn quantifier(&mut self) {
        match self.rng.u8(..12) {
            0 => self.out.push('*'),
            1 => self.out.push('+'),
            2 => self.out.push('?'),
            3 => {
                let least = self.rng.u32(..4);
                let most = least + self.rng.u32(..4);
                self.out.push_str(&format!("{{{least},{most}}}"));
            }
            4 => {
                let least = self.rng.u32(..4);
                self.out.push_str(&format!("{{{least},}}"));
            }
            5 => {
                let count = self.pick(&[0, 1, 2, 3, 17]);
                self.out.push_str(&format!("{{{count}}}"));
            }
            6 if self.rng.u8(..4) == 0 => {
                let most = self.pick(&[20, 64, 255, 10_000]);
                let least = self.rng.u32(..3);
                self.out.push_str(&format!("{{{least},{most}}}"));
            }
            _ => return,
        }
        if self.rng.u8(..5) == 0 {
            self.out.push('?');
        }
    }

    /// A character, sometimes as an escape.
    fn character(&mut self, is_in_class: bool) {
        let character = self.pick(&CHARACTERS);
        let code = u32::from(character);
        match self.rng.u8(..16) {
            0 => self.out.push_str(&format!("\\u{{{code:x}}}")),
            1 => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    self.out.push_str(&format!("\\u{unit:04X}"));
                }
            }
            2 if code < 256 => self.out.push_str(&format!("\\x{code:02x}")),
            3 => {
                let escape = self.pick(&[
                    "\\t", "\\n", "\\r", "\\v", "\\f", "\\0", "\\cJ", "\\ca", "\\/", "\\.", "\\\\",
                    "\\$", "\\^", "\\(", "\\]", "\\}", "\\|",
                ]);
                self.out.push_str(escape);
            }
            4 if self.rng.u8(..4) == 0 => {
                let half = self.pick(&["\\uD83D", "\\uDE00", "\\uD83D\\u{DE00}", "\\u{D83D}"]);
                self.out.push_str(half);
            }
            _ if is_in_class && character == '-' => self.out.push_str("\\-"),
            _ if character == '.' => self.out.push_str("\\."),
            _ => self.out.push(character),
        }
    }

    fn class_escape(&mut self) {
        match self.rng.u8(..4) {
            0 => {
                let property = self.pick(&PROPERTIES);
                let sign = self.pick(&["p", "P"]);
                self.out.push_str(&format!("\\{sign}{{{property}}}"));
            }
            _ => {
                let escape = self.pick(&["\\d", "\\D", "\\w", "\\W", "\\s", "\\S"]);
                self.out.push_str(escape);
            }
        }
    }

    fn class(&mut self) {
        self.out.push('[');
        if self.rng.u8(..3) == 0 {
            self.out.push('^');
        }
        for _ in 0..self.rng.u8(..5) {
            match self.rng.u8(..8) {
                0..=1 => self.class_escape(),
                2..=4 => {
                    let range = self.pick(&[
                        "a-z",
                        "A-Z",
                        "0-9",
                        "b-x",
                        "à-ÿ",
                        "\\u0020-\\u007e",
                        "\\x00-\\x1f",
                        "\\u{1F600}-\\u{1F64F}",
                        "\\uD800\\uDC00-\\uDBFF\\uDFFF",
                        "\\uE000-\\uFFFD",
                        "\\uD800-\\uDFFF",
                        "ء-ي",
                        " -~",
                        "\\n-\\r",
                        "\\ud83d\\ude00-\\ud83d\\ude4f",
                    ]);
                    self.out.push_str(range);
                }
                5 => self.out.push_str("\\b"),
                _ => self.character(true),
            }
        }
        if self.rng.u8(..12) == 0 {
            self.out.push('-');
        }
        self.out.push(']');
    }
}
