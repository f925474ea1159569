//! Checks the commands of examples against what exists: help that does not work is worse than none.

use crate::error::Result;

use super::Known;
use super::page::Page;

/// Everyday cmdlets of PowerShell that examples use. Anything else that looks like a cmdlet is a typing error.
const POWERSHELL: [&str; 18] = [
    "convertfrom-json",
    "convertto-securestring",
    "export-csv",
    "foreach-object",
    "format-list",
    "format-table",
    "get-content",
    "get-credential",
    "get-date",
    "get-secret",
    "group-object",
    "import-csv",
    "measure-object",
    "out-null",
    "read-host",
    "select-object",
    "sort-object",
    "where-object",
];

/// Parameters that PowerShell gives to every cmdlet.
const COMMON: [&str; 13] = [
    "debug",
    "erroraction",
    "errorvariable",
    "informationaction",
    "informationvariable",
    "outbuffer",
    "outvariable",
    "pipelinevariable",
    "progressaction",
    "verbose",
    "warningaction",
    "warningvariable",
    "whatif",
];

/// Refuses examples that use a cmdlet or parameter which does not exist.
pub(super) fn check(page: &Page, known: &Known) -> Result<()> {
    for example in &page.examples {
        let mut uses_the_cmdlet = false;
        for (line, command) in commands(&example.code) {
            uses_the_cmdlet |= command.name.eq_ignore_ascii_case(&page.name);
            let name = command.name.to_ascii_lowercase();
            let Some(parameters) = known.get(&name) else {
                if POWERSHELL.contains(&name.as_str()) {
                    continue;
                }
                return Err(page.error(example.line + line, &format!("there is no cmdlet {}", command.name)));
            };
            for parameter in command.parameters {
                let lower = parameter.to_ascii_lowercase();
                // -WhatIf is only there where the cmdlet has it.
                if !parameters.contains(&lower) && (!COMMON.contains(&lower.as_str()) || lower == "whatif") {
                    return Err(
                        page.error(example.line + line, &format!("{} has no parameter -{parameter}", command.name))
                    );
                }
            }
        }
        if !uses_the_cmdlet {
            return Err(page.error(example.line, &format!("this example does not use {}", page.name)));
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    parameters: Vec<String>,
}

/// What a word of the script belongs to.
enum Place {
    /// A command may begin here.
    Start,
    /// After the name of a command: the index in the list of commands.
    In(usize),
    /// In an expression, whose operators look like parameters.
    Expression,
}

/// The commands of a piece of PowerShell with the line each begins on, from 0. It knows as much of the language as examples
/// use: strings, comments, pipelines, nested parentheses and blocks, assignments, continued lines.
fn commands(code: &str) -> Vec<(usize, Command)> {
    let mut found: Vec<(usize, Command)> = Vec::new();
    let mut outer: Vec<Place> = Vec::new();
    let mut place = Place::Start;
    let mut line = 0;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => {
                line += 1;
                place = Place::Start;
            }
            '`' => {
                if chars.next_if_eq(&'\n').is_some() {
                    line += 1;
                }
            }
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '\'' | '"' => {
                while let Some(inside) = chars.next() {
                    match inside {
                        '`' if c == '"' => {
                            chars.next();
                        }
                        '\n' => line += 1,
                        _ if inside == c => break,
                        _ => {}
                    }
                }
                if matches!(place, Place::Start) {
                    place = Place::Expression;
                }
            }
            '(' | '{' => outer.push(std::mem::replace(&mut place, Place::Start)),
            ')' | '}' => {
                place = match outer.pop() {
                    Some(Place::In(command)) => Place::In(command),
                    Some(Place::Start | Place::Expression) | None => Place::Expression,
                };
            }
            '|' | ';' => {
                // A pipeline goes on after the end of its line.
                while chars.next_if(|c| c.is_whitespace()).is_some_and(|c| c == '\n') {
                    line += 1;
                }
                place = Place::Start;
            }
            '=' => place = Place::Start,
            c if c.is_whitespace() || c == ',' => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|c| !c.is_whitespace() && !"'\"(){}|;=,".contains(*c)) {
                    word.push(next);
                }
                match place {
                    Place::Start if is_cmdlet(&word) => {
                        place = Place::In(found.len());
                        found.push((line, Command { name: word, parameters: Vec::new() }));
                    }
                    Place::Start if ["foreach", "if", "return"].contains(&word.as_str()) => {}
                    Place::Start => place = Place::Expression,
                    Place::Expression if word == "in" => place = Place::Start,
                    Place::In(command) => {
                        if let Some(name) = parameter(&word) {
                            found[command].1.parameters.push(name.to_owned());
                        }
                    }
                    Place::Expression => {}
                }
            }
        }
    }
    found
}

fn is_cmdlet(word: &str) -> bool {
    word.split_once('-').is_some_and(|(verb, noun)| {
        let plain = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric())
        };
        plain(verb) && plain(noun)
    })
}

/// `-Confirm:$false` → `Confirm`.
fn parameter(word: &str) -> Option<&str> {
    let name = word.strip_prefix('-')?;
    let name = name.split(':').next().unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Vec<String> {
        commands(code)
            .into_iter()
            .map(|(line, command)| {
                format!("{line} {} {}", command.name, command.parameters.join(" ")).trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn commands_are_found_where_they_can_be() {
        for (code, expected) in [
            ("Get-A -X 1 -Y:$true", vec!["0 Get-A X Y"]),
            ("Get-A -X 'it''s -No' \"-No `\" -No\" -Y", vec!["0 Get-A X Y"]),
            ("# Get-A -X\n$a = Get-B -Y 1 # -Z", vec!["1 Get-B Y"]),
            ("Get-A -X (Get-B -Y).Name -Z", vec!["0 Get-A X Z", "0 Get-B Y"]),
            ("Get-A -X `\n  -Y\n-Z", vec!["0 Get-A X Y"]),
            ("Get-A |\n    Set-B -X {$_.A -eq 1 -and (Get-C -Q)} -Y", vec!["0 Get-A", "1 Set-B X Y", "1 Get-C Q"]),
            ("if ($a -eq 1) { Get-A -X }", vec!["0 Get-A X"]),
            ("foreach ($m in Get-A -X) { Set-B -Y $m.Id }", vec!["0 Get-A X", "0 Set-B Y"]),
            ("$x -notlike 'a'; Get-A -X -5", vec!["0 Get-A X"]),
            ("Set-A -X @{Add = 'a', 'b'; Remove='c'} -Y", vec!["0 Set-A X Y"]),
            ("'a' -match 'b'", vec![]),
        ] {
            assert_eq!(read(code), expected, "{code}");
        }
    }
}
