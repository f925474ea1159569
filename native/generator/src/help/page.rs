//! Written help pages: Markdown of one fixed layout, read strictly so that a slip is an error of the build and not a gap in
//! somebody's help. `powershell/Help/README.md` describes the layout.

use exo_catalog::Binding;

use crate::error::{Error, Result};

use super::Known;

/// A page of one cmdlet.
#[derive(Debug, Default)]
pub(super) struct Page {
    file: String,
    pub(super) name: String,
    pub(super) synopsis: String,
    pub(super) description: Vec<String>,
    pub(super) parameters: Vec<ParameterText>,
    pub(super) examples: Vec<Example>,
    pub(super) notes: Vec<String>,
    pub(super) links: Vec<Link>,
}

#[derive(Debug)]
pub(super) struct ParameterText {
    pub(super) name: String,
    /// Only for parameters that the catalog does not have.
    pub(super) type_name: Option<String>,
    pub(super) aliases: Vec<String>,
    pub(super) binding: Binding,
    /// What holds when it is left out, where it is not what the catalog says.
    pub(super) default: Option<String>,
    pub(super) text: Vec<String>,
    pub(super) line: usize,
}

#[derive(Debug)]
pub(super) struct Example {
    pub(super) title: String,
    pub(super) code: String,
    /// The first line of the code.
    pub(super) line: usize,
    pub(super) output: Option<String>,
    pub(super) text: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) text: String,
    pub(super) address: String,
}

impl ParameterText {
    /// Whether it is about a parameter of this name: `*` in its own stands for whatever differs, as in `CustomAttribute*`.
    pub(super) fn is_about(&self, parameter: &str) -> bool {
        match self.name.split_once('*') {
            Some((start, end)) => {
                parameter.len() > start.len() + end.len() && parameter.starts_with(start) && parameter.ends_with(end)
            }
            None => self.name == parameter,
        }
    }
}

impl Page {
    pub(super) fn error(&self, line: usize, what: &str) -> Error {
        error(&self.file, line, what)
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&ParameterText> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Refuses texts about parameters that don't exist.
    pub(super) fn check_parameters(&self, known: &Known) -> Result<()> {
        let names = known.get(&self.name.to_ascii_lowercase());
        match self.parameters.iter().find(|p| names.is_none_or(|names| !names.contains(&p.name.to_ascii_lowercase()))) {
            Some(stranger) => {
                Err(self.error(stranger.line, &format!("{} has no parameter -{}", self.name, stranger.name)))
            }
            None => Ok(()),
        }
    }
}

fn error(file: &str, line: usize, what: &str) -> Error {
    Error::Data(format!("powershell/Help/{file}, line {line}: {what}"))
}

/// What a page is made of. Lines of a paragraph are one paragraph, and an item of a list is a paragraph of its own.
#[derive(Debug)]
enum Block {
    Heading { level: usize, text: String },
    Paragraph(String),
    Item(String),
    Code { language: String, text: String },
}

struct Blocks<'a> {
    file: &'a str,
    blocks: std::iter::Peekable<std::vec::IntoIter<(usize, Block)>>,
    /// Where the last block began, for errors about what is missing after it.
    line: usize,
}

impl<'a> Blocks<'a> {
    fn read(text: &str, file: &'a str) -> Result<Self> {
        let mut blocks: Vec<(usize, Block)> = Vec::new();
        let mut joins = false;
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let number = index + 1;
            if let Some(language) = line.strip_prefix("```") {
                let code: Option<Vec<&str>> = {
                    let mut code = Vec::new();
                    loop {
                        match lines.next() {
                            Some((_, "```")) => break Some(code),
                            Some((_, line)) => code.push(line),
                            None => break None,
                        }
                    }
                };
                let code = code.ok_or_else(|| error(file, number, "this block of code has no end"))?;
                blocks.push((number, Block::Code { language: language.trim().to_owned(), text: code.join("\n") }));
                joins = false;
            } else if line.trim().is_empty() {
                joins = false;
            } else if line.starts_with('#') {
                let level = line.chars().take_while(|c| *c == '#').count();
                let text = line[level..].trim().to_owned();
                blocks.push((number, Block::Heading { level, text }));
                joins = false;
            } else if let Some(item) = line.strip_prefix("- ") {
                blocks.push((number, Block::Item(item.trim().to_owned())));
                joins = true;
            } else if line.starts_with(['|', '>', '*', '\t']) || line.starts_with("    ") {
                return Err(error(
                    file,
                    number,
                    "tables, quotations and indented code are not for help: use text, `- ` lists and fences",
                ));
            } else {
                match blocks.last_mut() {
                    Some((_, Block::Paragraph(text) | Block::Item(text))) if joins => {
                        text.push(' ');
                        text.push_str(line.trim());
                    }
                    _ => blocks.push((number, Block::Paragraph(line.trim().to_owned()))),
                }
                joins = true;
            }
        }
        Ok(Self { file, blocks: blocks.into_iter().peekable(), line: 1 })
    }

    fn next(&mut self) -> Option<(usize, Block)> {
        let next = self.blocks.next();
        if let Some((line, _)) = &next {
            self.line = *line;
        }
        next
    }

    fn error(&self, what: &str) -> Error {
        error(self.file, self.line, what)
    }

    /// The text of the next heading if it is of this level.
    fn heading(&mut self, wanted: usize) -> Option<String> {
        match self.blocks.peek() {
            Some((_, Block::Heading { level, .. })) if *level == wanted => match self.next() {
                Some((_, Block::Heading { text, .. })) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Paragraphs and items up to the next heading or code.
    fn paragraphs(&mut self) -> Vec<String> {
        let mut paragraphs = Vec::new();
        while let Some((_, Block::Paragraph(_) | Block::Item(_))) = self.blocks.peek() {
            match self.next() {
                Some((_, Block::Paragraph(text))) => paragraphs.push(plain(&text)),
                Some((_, Block::Item(text))) => paragraphs.push(format!("- {}", plain(&text))),
                _ => {}
            }
        }
        paragraphs
    }

    fn some_paragraphs(&mut self, of: &str) -> Result<Vec<String>> {
        let paragraphs = self.paragraphs();
        if paragraphs.is_empty() { Err(self.error(&format!("{of} has no text"))) } else { Ok(paragraphs) }
    }

    /// The next block if it is code of this language.
    fn code(&mut self, wanted: &str) -> Option<(usize, String)> {
        match self.blocks.peek() {
            Some((_, Block::Code { language, .. })) if language == wanted => match self.next() {
                Some((line, Block::Code { text, .. })) => Some((line + 1, text)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The parts of a page, in their order.
const SECTIONS: [&str; 5] = ["Description", "Parameters", "Examples", "Notes", "Links"];

pub(super) fn parse(text: &str, file: &str) -> Result<Page> {
    let mut blocks = Blocks::read(text, file)?;
    let name = blocks.heading(1).ok_or_else(|| blocks.error("a page begins with `# Verb-Noun`"))?;
    let mut page = Page { file: file.to_owned(), name, ..Page::default() };
    let synopsis = blocks.some_paragraphs("the synopsis")?;
    let [synopsis] = <[String; 1]>::try_from(synopsis).map_err(|_| blocks.error("the synopsis is one paragraph"))?;
    page.synopsis = synopsis;
    let mut seen = 0;
    while let Some(section) = blocks.heading(2) {
        let place = SECTIONS
            .iter()
            .position(|known| *known == section)
            .ok_or_else(|| blocks.error(&format!("`## {section}` is none of {}", SECTIONS.join(", "))))?;
        if place < seen {
            return Err(blocks.error(&format!("sections come once and in this order: {}", SECTIONS.join(", "))));
        }
        seen = place + 1;
        match section.as_str() {
            "Description" => page.description = blocks.some_paragraphs("the description")?,
            "Parameters" => page.parameters = parameters(&mut blocks)?,
            "Examples" => page.examples = examples(&mut blocks)?,
            "Notes" => page.notes = blocks.some_paragraphs("the notes")?,
            _ => page.links = links(&mut blocks)?,
        }
    }
    end(&mut blocks)?;
    for (missing, what) in [(page.description.is_empty(), "Description"), (page.examples.is_empty(), "Examples")] {
        if missing {
            return Err(error(file, 1, &format!("the section `## {what}` is missing")));
        }
    }
    Ok(page)
}

/// Texts about parameters for cmdlets that say nothing of their own.
pub(super) fn parse_common(text: &str, file: &str) -> Result<Vec<ParameterText>> {
    let mut blocks = Blocks::read(text, file)?;
    if blocks.heading(1).as_deref() != Some("Parameters") {
        return Err(blocks.error("this page begins with `# Parameters`"));
    }
    let texts = parameters(&mut blocks)?;
    if let Some(text) = texts.iter().find(|text| text.type_name.is_some() && text.name.contains('*')) {
        return Err(error(file, text.line, "a text for several parameters has no type"));
    }
    end(&mut blocks)?;
    Ok(texts)
}

fn end(blocks: &mut Blocks) -> Result<()> {
    match blocks.next() {
        None => Ok(()),
        Some((_, Block::Heading { level, text })) => {
            Err(blocks.error(&format!("a heading of level {level} has no place here: {text}")))
        }
        Some((_, Block::Code { .. })) => Err(blocks.error("code has no place here")),
        Some(_) => Err(blocks.error("text has no place here")),
    }
}

fn parameters(blocks: &mut Blocks) -> Result<Vec<ParameterText>> {
    let mut parameters: Vec<ParameterText> = Vec::new();
    while let Some(heading) = blocks.heading(3) {
        let line = blocks.line;
        let name = heading.strip_prefix('-').filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '*'));
        let name = name.ok_or_else(|| blocks.error(&format!("`### {heading}` is not `### -Name`")))?.to_owned();
        if parameters.iter().any(|parameter| parameter.name == name) {
            return Err(blocks.error(&format!("-{name} is described twice")));
        }
        let mut text = blocks.some_paragraphs(&format!("-{name}"))?;
        let mut declared = text[0].strip_prefix("Type: ").unwrap_or_default().split(", ");
        let type_name = declared.next().filter(|name| !name.is_empty()).map(str::to_owned);
        let mut aliases = Vec::new();
        let mut binding = Binding { required: false, position: None, by_value: false, by_property_name: false };
        for word in declared {
            match word.split_once(' ') {
                Some(("alias", alias)) => aliases.push(alias.to_owned()),
                Some(("position", number)) if number.parse::<i32>().is_ok() => binding.position = number.parse().ok(),
                None if word == "required" => binding.required = true,
                None if word == "pipeline" => binding.by_value = true,
                _ => return Err(blocks.error(&format!("`{word}` says nothing about -{name}"))),
            }
        }
        if type_name.is_some() {
            text.remove(0);
            if text.is_empty() {
                return Err(blocks.error(&format!("-{name} has a type and no text")));
            }
        }
        let default = text[0].strip_prefix("Default: ").map(str::to_owned);
        if default.is_some() {
            text.remove(0);
            if text.is_empty() {
                return Err(blocks.error(&format!("-{name} has a default and no text")));
            }
        }
        parameters.push(ParameterText { name, type_name, aliases, binding, default, text, line });
    }
    if parameters.is_empty() { Err(blocks.error("there is no `### -Name` here")) } else { Ok(parameters) }
}

fn examples(blocks: &mut Blocks) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    while let Some(title) = blocks.heading(3) {
        let (line, code) =
            blocks.code("powershell").ok_or_else(|| blocks.error("an example begins with code: ```powershell"))?;
        if code.trim().is_empty() {
            return Err(blocks.error("this example has no code"));
        }
        let output = blocks.code("text").map(|(_, text)| text);
        let text = blocks.some_paragraphs("an example")?;
        examples.push(Example { title, code, line, output, text });
    }
    if examples.is_empty() { Err(blocks.error("there is no `### Title` here")) } else { Ok(examples) }
}

/// `- [text](address)` or `- Verb-Noun`.
fn links(blocks: &mut Blocks) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    while let Some((_, Block::Item(_))) = blocks.blocks.peek() {
        let Some((_, Block::Item(text))) = blocks.next() else { break };
        let link = match text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|rest| rest.split_once("]("))
        {
            Some((text, address)) if address.starts_with("https://") => {
                Link { text: text.to_owned(), address: address.to_owned() }
            }
            None if text.contains(['-', '_']) && !text.contains(char::is_whitespace) => {
                Link { text, address: String::new() }
            }
            _ => return Err(blocks.error("a link is `- [text](https://address)`, `- Verb-Noun` or `- about_Topic`")),
        };
        links.push(link);
    }
    if links.is_empty() { Err(blocks.error("there is no link here")) } else { Ok(links) }
}

/// Text as a console shows it: names in backticks lose them, links show where they lead.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let link = rest[start..].split_once("](").and_then(|(label, tail)| {
            let (address, tail) = tail.split_once(')')?;
            address.starts_with("https://").then(|| (&label[1..], address, tail))
        });
        let Some((label, address, tail)) = link else { break };
        out.push_str(&rest[..start]);
        out.push_str(label);
        out.push_str(" (");
        out.push_str(address);
        out.push(')');
        rest = tail;
    }
    out.push_str(rest);
    out.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "# Get-Thing\n\nReads `things`.\n\n## Description\n\nOne\nline.\n\n- an item\n- another\n\n## Parameters\n\n\
        ### -Name\n\nThe [name](https://example.com/n).\n\n### -Extra\n\nType: String, required, position 1, alias Ext\n\nMore.\n\n## Examples\n\n### First\n\n\
        ```powershell\nGet-Thing -Name x\n```\n\n```text\nx\n```\n\nReads x.\n\n## Notes\n\nNone.\n\n## Links\n\n- Set-Thing\n\
        - [Elsewhere](https://example.com)\n";

    #[test]
    fn a_whole_page_is_read() {
        let page = parse(WHOLE, "Get-Thing.md").expect("a page");
        assert_eq!(page.name, "Get-Thing");
        assert_eq!(page.synopsis, "Reads things.");
        assert_eq!(page.description, ["One line.", "- an item", "- another"]);
        assert_eq!(page.parameters[0].text, ["The name (https://example.com/n)."]);
        assert_eq!(page.parameters[0].type_name, None);
        assert_eq!(page.parameters[1].type_name.as_deref(), Some("String"));
        assert_eq!(page.parameters[1].aliases, ["Ext"]);
        assert!(page.parameters[1].binding.required && page.parameters[1].binding.position == Some(1));
        assert_eq!(page.parameters[1].text, ["More."]);
        assert_eq!((page.examples[0].code.as_str(), page.examples[0].line), ("Get-Thing -Name x", 30));
        assert_eq!(page.examples[0].output.as_deref(), Some("x"));
        assert_eq!(page.examples[0].text, ["Reads x."]);
        assert_eq!(page.notes, ["None."]);
        let [set, elsewhere] = &page.links[..] else { panic!("{:?}", page.links) };
        assert_eq!((set.text.as_str(), set.address.as_str()), ("Set-Thing", ""));
        assert_eq!((elsewhere.text.as_str(), elsewhere.address.as_str()), ("Elsewhere", "https://example.com"));
    }

    #[test]
    fn what_is_not_the_layout_is_refused_with_its_line() {
        for (from, to, expected) in [
            ("# Get-Thing", "Get-Thing", "line 1: a page begins with `# Verb-Noun`"),
            ("Reads `things`.", "Reads.\n\nTwice.", "the synopsis is one paragraph"),
            ("## Notes", "## Remarks", "line 39: `## Remarks` is none of"),
            ("## Notes", "## Parameters", "sections come once and in this order"),
            ("One\nline.\n\n- an item\n- another\n\n", "", "line 5: the description has no text"),
            ("### -Name", "### Name", "line 15: `### Name` is not `### -Name`"),
            ("### -Extra", "### -Name", "line 19: -Name is described twice"),
            (
                "Type: String, required, position 1, alias Ext",
                "Type: String, somehow",
                "line 23: `somehow` says nothing about -Extra",
            ),
            (
                "Type: String, required, position 1, alias Ext\n\nMore.",
                "Type: String",
                "line 21: -Extra has a type and no text",
            ),
            ("```powershell", "```", "an example begins with code"),
            ("Reads x.\n", "", "an example has no text"),
            ("- Set-Thing", "- see there", "a link is"),
            ("(https://example.com)\n", "(http://example.com)\n", "a link is"),
            ("```text\nx\n```", "```text\nx", "this block of code has no end"),
            ("One\nline.", "| a | b |", "line 7: tables"),
            ("## Notes", "### Notes", "an example begins with code"),
            ("- Set-Thing", "Text.\n\n- Set-Thing", "there is no link here"),
            ("The [name](https://example.com/n).", "Default: x", "line 17: -Name has a default and no text"),
        ] {
            let text = WHOLE.replacen(from, to, 1);
            assert_ne!(text, WHOLE, "{from} is not in the page");
            let error = parse(&text, "Get-Thing.md").expect_err(expected).to_string();
            assert!(
                error.starts_with("powershell/Help/Get-Thing.md, line ") && error.contains(expected),
                "{expected}\n{error}"
            );
        }
    }

    #[test]
    fn a_page_must_describe_and_show() {
        for section in ["Description", "Examples"] {
            let start = WHOLE.find(&format!("## {section}")).expect("the section");
            let end = start + 3 + WHOLE[start + 3..].find("\n## ").expect("the next section") + 1;
            let text = format!("{}{}", &WHOLE[..start], &WHOLE[end..]);
            let error = parse(&text, "a.md").expect_err("refused").to_string();
            assert!(error.contains(&format!("`## {section}` is missing")), "{error}");
        }
    }

    #[test]
    fn a_page_says_which_default_is_another_one_here() {
        let text = WHOLE.replacen("The [name]", "Default: none\n\nThe [name]", 1);
        let page = parse(&text, "Get-Thing.md").expect("a page");
        assert_eq!(page.parameters[0].default.as_deref(), Some("none"));
        assert_eq!(page.parameters[0].text.len(), 1);
        assert_eq!(page.parameters[1].default, None);
    }

    #[test]
    fn a_text_can_be_about_several_parameters() {
        let text = "# Parameters\n\n### -CustomAttribute*\n\nOne.\n\n### -Include*Names\n\nTwo.\n";
        let texts = parse_common(text, "p.md").expect("texts");
        let about = |name: &str| texts.iter().find(|text| text.is_about(name)).map(|text| text.text.join(""));
        assert_eq!(about("CustomAttribute12").as_deref(), Some("One."));
        assert_eq!(about("CustomAttribute"), None);
        assert_eq!(about("IncludeManagerNames").as_deref(), Some("Two."));
        assert_eq!(about("ExtensionCustomAttribute1"), None);
        let typed = "# Parameters\n\n### -A*\n\nType: String\n\nOne.\n";
        assert!(parse_common(typed, "p.md").expect_err("refused").to_string().contains("has no type"));
    }

    #[test]
    fn common_texts_are_parameters_only() {
        let texts =
            parse_common("# Parameters\n\n### -A\n\nOne.\n\n### -B\n\nType: Guid\n\nTwo.\n", "p.md").expect("texts");
        let texts: Vec<_> = texts.iter().map(|t| (t.name.as_str(), t.type_name.as_deref(), t.text.join("|"))).collect();
        assert_eq!(texts, [("A", None, "One.".to_owned()), ("B", Some("Guid"), "Two.".to_owned())]);
        assert!(parse_common("# Others\n\n### -A\n\nOne.\n", "p.md").is_err());
        assert!(parse_common("# Parameters\n\n### -A\n\nOne.\n\n## Notes\n", "p.md").is_err());
    }
}
