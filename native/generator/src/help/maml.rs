//! The file itself. Its elements have the names and namespaces of the MAML schema; the namespace of commands is the default
//! one, which keeps the file a third smaller than with prefixes everywhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use exo_catalog::{Binding, Parameter, sharing_object, verb_and_noun};

use super::Subject;
use super::facts::{CmdletFacts, Facts, ParameterFacts};
use super::page::{Page, ParameterText};
use super::words;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
<msh:helpItems schema=\"maml\" xmlns:msh=\"http://msh\" xmlns=\"http://schemas.microsoft.com/maml/dev/command/2004/10\" \
xmlns:maml=\"http://schemas.microsoft.com/maml/2004/10\" xmlns:dev=\"http://schemas.microsoft.com/maml/dev/2004/10\">\n";

/// Where the online reference has its pages.
const ONLINE: &str = "https://learn.microsoft.com/powershell/module/exchangepowershell/";

/// The set whose parameters belong to all.
const ALL_SETS: &str = "__AllParameterSets";

pub(super) fn render(
    cmdlets: &[Subject],
    facts: &Facts,
    pages: &BTreeMap<String, Page>,
    common: &[ParameterText],
    hand_written: &[String],
) -> String {
    let mut out = String::from(HEAD);
    for cmdlet in cmdlets {
        let name = &cmdlet.service_name;
        let entry = Entry {
            cmdlet,
            facts: facts.cmdlet(name),
            page: pages.get(name),
            common,
            ours: hand_written.contains(name),
        };
        entry.render(&mut out);
    }
    out.push_str("</msh:helpItems>\n");
    out
}

/// All that is known of a cmdlet.
struct Entry<'a> {
    cmdlet: &'a Subject,
    facts: Option<&'a CmdletFacts>,
    page: Option<&'a Page>,
    common: &'a [ParameterText],
    ours: bool,
}

impl Entry<'_> {
    fn render(&self, out: &mut String) {
        let name = &self.cmdlet.command_name;
        let (verb, noun) = verb_and_noun(name);
        let synopsis = self.page.map_or_else(|| words::synopsis(verb, noun), |page| page.synopsis.clone());
        let _ = write!(out, "<command><details><name>{name}</name>");
        paragraphs(out, "maml:description", [synopsis]);
        let _ = write!(out, "<verb>{verb}</verb><noun>{noun}</noun></details>");
        paragraphs(out, "maml:description", self.description());
        self.syntax(out);
        self.parameters(out);
        self.types(out);
        if let Some(page) = self.page {
            if !page.notes.is_empty() {
                out.push_str("<maml:alertSet>");
                paragraphs(out, "maml:alert", &page.notes);
                out.push_str("</maml:alertSet>");
            }
            examples(out, page);
        }
        self.links(out);
        out.push_str("</command>\n");
    }

    fn description(&self) -> Vec<String> {
        let mut all = self.page.map_or_else(Vec::new, |page| page.description.clone());
        if !self.ours {
            all.extend(self.conduct());
        }
        all
    }

    /// What holds for every cmdlet of its kind.
    fn conduct(&self) -> Vec<String> {
        let cmdlet = self.cmdlet;
        if let Some(service) = &cmdlet.other_service {
            return vec![format!(
                "A cmdlet of {service}, a service of its own that this module is no client of. It sends nothing: a call ends in an error \
                 that says so. Run it with the ExchangeOnlineManagement module of Microsoft."
            )];
        }
        let mut all = Vec::new();
        let mut first = match self.facts {
            Some(facts) if facts.surfaces.len() > 1 => {
                "A cmdlet of Exchange Online, which Security & Compliance has too.".to_owned()
            }
            Some(facts) if facts.surfaces.iter().any(|surface| surface == "SecurityCompliance") => {
                "A cmdlet of Security & Compliance.".to_owned()
            }
            _ => "A cmdlet of Exchange Online.".to_owned(),
        };
        first.push_str(
            " Your roles in the organization decide whether the service runs it for you, and with which parameters.",
        );
        if cmdlet.command_name != cmdlet.service_name {
            let _ = write!(first, " The service calls it {}, which works here as an alias.", cmdlet.service_name);
        }
        all.push(first);
        if let Some(facts) = self.facts {
            if let Some(deprecation) = &facts.deprecation {
                let mut text = match deprecation.kind.as_str() {
                    "planned" => "The service is going to retire this cmdlet.",
                    "retired" => "The service has retired this cmdlet.",
                    "no_longer_supported" => "The service no longer supports this cmdlet.",
                    _ => "The service discourages the use of this cmdlet.",
                }
                .to_owned();
                if !deprecation.see.is_empty() {
                    let _ = write!(text, " Use {} instead.", deprecation.see.join(" and "));
                }
                all.push(text);
            }
            match facts.functional_only_in.as_deref() {
                Some("on-premises") => {
                    all.push("It only has an effect in Exchange Server, not in the cloud.".to_owned())
                }
                Some("SecurityCompliance") => all.push("It only has an effect in Security & Compliance.".to_owned()),
                _ => {}
            }
        }
        let mut safety = if cmdlet.is_read { "It reads and changes nothing.".to_owned() } else { String::new() };
        if cmdlet.should_process {
            safety = "-WhatIf shows what would be done and sends nothing.".to_owned();
            safety.push_str(if cmdlet.confirm_impact_high {
                " Without -Confirm:$false it asks before it acts."
            } else {
                " -Confirm asks before it acts."
            });
        }
        if let Some([first, second]) = sharing_object(&cmdlet.parameters) {
            if !safety.is_empty() {
                safety.push(' ');
            }
            let _ = write!(
                safety,
                "Objects of other cmdlets, or text, can be piped: they are -{} if the command names -{}, and -{} if it names -{}.",
                first.name, second.name, second.name, first.name
            );
        } else if let Some(identity) =
            cmdlet.parameters.iter().find(|p| p.bindings.iter().any(|(_, binding)| binding.by_value))
        {
            if !safety.is_empty() {
                safety.push(' ');
            }
            let _ =
                write!(safety, "-{} comes from the pipeline too: objects of other cmdlets, or text.", identity.name);
        }
        if !safety.is_empty() {
            all.push(safety);
        }
        all
    }

    /// The names of the parameter sets, the default one first; one nameless set when there is only one.
    fn sets(&self) -> Vec<Option<&str>> {
        let bound = |set: &str| {
            self.cmdlet.default_set.as_deref() == Some(set)
                || self
                    .cmdlet
                    .parameters
                    .iter()
                    .any(|p| p.bindings.iter().any(|(name, _)| name.as_deref() == Some(set)))
        };
        let mut sets: Vec<Option<&str>> = self
            .facts
            .map(|facts| facts.parameter_sets.as_slice())
            .unwrap_or_default()
            .iter()
            .map(String::as_str)
            .filter(|set| *set != ALL_SETS && bound(set))
            .map(Some)
            .collect();
        sets.sort_by_key(|set| *set != self.cmdlet.default_set.as_deref());
        if sets.is_empty() {
            sets.push(None);
        }
        sets
    }

    fn syntax(&self, out: &mut String) {
        out.push_str("<syntax>");
        for set in self.sets() {
            let mut members: Vec<(&Parameter, Binding)> =
                self.cmdlet.parameters.iter().filter_map(|p| Some((p, binding_in(p, set)?))).collect();
            // As PowerShell orders them: by position, then what is required, then the rest.
            members.sort_by_key(|(_, binding)| (binding.position.unwrap_or(i32::MAX), !binding.required));
            let _ = write!(out, "<syntaxItem><maml:name>{}</maml:name>", self.cmdlet.command_name);
            for (parameter, binding) in members {
                let position = position(binding);
                let _ = write!(out, "<parameter required=\"{}\" position=\"{position}\">", binding.required);
                let _ = write!(out, "<maml:name>{}</maml:name>", parameter.name);
                value(out, parameter, "");
                out.push_str("</parameter>");
            }
            if self.cmdlet.should_process {
                for (name, _) in CONFIRMATION {
                    let _ = write!(
                        out,
                        "<parameter required=\"false\" position=\"named\"><maml:name>{name}</maml:name></parameter>"
                    );
                }
            }
            out.push_str("</syntaxItem>");
        }
        out.push_str("</syntax>");
    }

    fn parameters(&self, out: &mut String) {
        out.push_str("<parameters>");
        for parameter in &self.cmdlet.parameters {
            let facts = self.facts.and_then(|facts| facts.parameter(&parameter.name));
            let Some(binding) = in_all(parameter) else { continue };
            attributes(out, parameter, binding, facts.is_some_and(|facts| facts.wildcard));
            let _ = write!(out, "<maml:name>{}</maml:name>", parameter.name);
            paragraphs(out, "maml:description", self.parameter_text(parameter, facts));
            value(out, parameter, " required=\"true\"");
            if is_switch(parameter) || self.ours {
                // Everywhere else the value's name is the type's. Help is read whole before the first page is shown: ten thousand
                // elements that say the same twice would be waited for.
                let type_name = escape(words::type_name(&parameter.type_name));
                let _ = write!(out, "<dev:type><maml:name>{type_name}</maml:name></dev:type>");
            }
            let written =
                self.page.and_then(|page| page.parameter(&parameter.name)).and_then(|text| text.default.as_deref());
            let known = written.or_else(|| facts.and_then(|facts| facts.default.as_deref()));
            if let Some(default) = known.or(is_switch(parameter).then_some("False")) {
                let _ = write!(out, "<dev:defaultValue>{}</dev:defaultValue>", escape(default));
            }
            out.push_str("</parameter>");
        }
        if self.cmdlet.should_process {
            for (name, alias) in CONFIRMATION {
                let _ = write!(
                    out,
                    "<parameter required=\"false\" globbing=\"false\" pipelineInput=\"false\" position=\"named\" aliases=\"{alias}\"><maml:name>{name}</maml:name>"
                );
                let text = self.written(name).or_else(|| self.common(name)).unwrap_or_default();
                paragraphs(out, "maml:description", text);
                out.push_str("<parameterValue required=\"false\">SwitchParameter</parameterValue><dev:type><maml:name>SwitchParameter</maml:name></dev:type><dev:defaultValue>False</dev:defaultValue></parameter>");
            }
        }
        out.push_str("</parameters>");
    }

    fn written(&self, parameter: &str) -> Option<Vec<String>> {
        Some(self.page?.parameter(parameter)?.text.clone())
    }

    fn common(&self, parameter: &str) -> Option<Vec<String>> {
        // Its own name goes before one that it only fits.
        let exact = self.common.iter().find(|text| text.name == parameter);
        exact.or_else(|| self.common.iter().find(|text| text.is_about(parameter))).map(|text| text.text.clone())
    }

    fn parameter_text(&self, parameter: &Parameter, facts: Option<&ParameterFacts>) -> Vec<String> {
        let type_name = words::type_name(&parameter.type_name);
        let reserved = facts.is_some_and(|facts| facts.reserved);
        let mut all = match self.written(&parameter.name) {
            Some(text) => text,
            // What the service keeps for itself is not what others call so, and its name tells nobody anything.
            None if reserved => Vec::new(),
            None => self.common(&parameter.name).unwrap_or_else(|| vec![words::parameter(&parameter.name, type_name)]),
        };
        if let Some(facts) = facts {
            if facts.reserved {
                all.push("The service keeps this parameter for its own use.".to_owned());
            }
            if facts.no_effect_in_cloud {
                all.push("It has no effect in the cloud.".to_owned());
            }
            if facts.deprecated {
                all.push("The service discourages its use.".to_owned());
            }
            match facts.range.as_ref().map(|range| (&range.min, &range.max)) {
                Some((Some(min), Some(max))) => all.push(format!("From {min} to {max}.")),
                Some((Some(min), None)) => all.push(format!("{min} or more.")),
                Some((None, Some(max))) => all.push(format!("Up to {max}.")),
                _ => {}
            }
        }
        if !parameter.accepted_values.is_empty() {
            let open = facts.is_some_and(|facts| facts.accepted_values_complete == Some(false));
            let more = if open { ", and others" } else { "" };
            all.push(format!("Accepted values: {}{more}.", parameter.accepted_values.join(", ")));
        }
        let sets: Vec<&str> = parameter
            .bindings
            .iter()
            .filter(|(_, binding)| binding.required)
            .filter_map(|(set, _)| set.as_deref())
            .filter(|set| *set != ALL_SETS)
            .collect();
        if !sets.is_empty() && parameter.bindings.iter().any(|(_, binding)| !binding.required) {
            all.push(format!(
                "Required in the parameter set{} {}.",
                if sets.len() > 1 { "s" } else { "" },
                sets.join(", ")
            ));
        }
        all
    }

    fn types(&self, out: &mut String) {
        let piped = self.cmdlet.parameters.iter().find(|p| p.bindings.iter().any(|(_, binding)| binding.by_value));
        if let Some(parameter) = piped {
            let _ = write!(
                out,
                "<inputTypes><inputType><dev:type><maml:name>{}</maml:name></dev:type></inputType></inputTypes>",
                escape(words::type_name(&parameter.type_name))
            );
        }
        let returns = ["Get-", "New-", "Search-"].iter().any(|verb| self.cmdlet.command_name.starts_with(verb));
        if !self.ours && returns && self.cmdlet.other_service.is_none() {
            let _ = write!(
                out,
                "<returnValues><returnValue><dev:type><maml:name>{}</maml:name></dev:type></returnValue></returnValues>",
                escape(&self.cmdlet.row_type)
            );
        }
    }

    fn links(&self, out: &mut String) {
        let online = self.facts.and_then(|facts| facts.page.as_deref()).and_then(|page| page.strip_suffix(".md"));
        let written = self.page.map(|page| page.links.as_slice()).unwrap_or_default();
        if online.is_none() && written.is_empty() {
            return;
        }
        out.push_str("<relatedLinks>");
        // `Get-Help -Online` opens the first address.
        if let Some(page) = online {
            link(out, "Reference of the service", &format!("{ONLINE}{}", page.to_ascii_lowercase()));
        }
        for written in written {
            link(out, &written.text, &written.address);
        }
        out.push_str("</relatedLinks>");
    }
}

/// What PowerShell gives to cmdlets that change something.
const CONFIRMATION: [(&str, &str); 2] = [("WhatIf", "wi"), ("Confirm", "cf")];

/// How a parameter is bound in a set, if it belongs to it.
fn binding_in(parameter: &Parameter, set: Option<&str>) -> Option<Binding> {
    let named = parameter.bindings.iter().find(|(name, _)| name.as_deref() == set && set.is_some());
    let general = || parameter.bindings.iter().find(|(name, _)| name.as_deref().is_none_or(|name| name == ALL_SETS));
    named.or_else(general).map(|(_, binding)| *binding)
}

/// How it is bound on the whole: required only if it is so wherever it belongs. `None` if it is in no set.
fn in_all(parameter: &Parameter) -> Option<Binding> {
    let mut all = parameter.bindings.iter().map(|(_, binding)| *binding);
    let first = all.next()?;
    Some(all.fold(first, |sum, next| Binding {
        required: sum.required && next.required,
        position: sum.position.or(next.position),
        by_value: sum.by_value || next.by_value,
        by_property_name: sum.by_property_name || next.by_property_name,
    }))
}

fn position(binding: Binding) -> String {
    binding.position.map_or_else(|| "named".to_owned(), |position| position.to_string())
}

fn attributes(out: &mut String, parameter: &Parameter, binding: Binding, wildcards: bool) {
    let pipeline = match (binding.by_value, binding.by_property_name) {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        (false, false) => "false",
    };
    let position = position(binding);
    let aliases = if parameter.aliases.is_empty() { "none".to_owned() } else { parameter.aliases.join(", ") };
    let _ = write!(
        out,
        "<parameter required=\"{}\" globbing=\"{wildcards}\" pipelineInput=\"{pipeline}\" position=\"{position}\" aliases=\"{}\">",
        binding.required,
        escape(&aliases)
    );
}

/// The type after the name; a switch has none. In the syntax it needs no attribute: brackets around it are those of the parameter.
fn value(out: &mut String, parameter: &Parameter, attribute: &str) {
    if !is_switch(parameter) {
        let name = words::type_name(&parameter.type_name);
        let _ = write!(out, "<parameterValue{attribute}>{}</parameterValue>", escape(name));
    }
}

fn is_switch(parameter: &Parameter) -> bool {
    words::type_name(&parameter.type_name) == "SwitchParameter"
}

/// What sets the titles of examples off from the text around them.
const RULE: &str = "--------------------------";

fn examples(out: &mut String, page: &Page) {
    out.push_str("<examples>");
    for (number, example) in page.examples.iter().enumerate() {
        let _ = write!(
            out,
            "<example><maml:title>{RULE} Example {}: {} {RULE}</maml:title><dev:code>{}</dev:code>",
            number + 1,
            escape(&example.title),
            escape(&example.code)
        );
        let output = example.output.iter().flat_map(|output| output.lines()).map(str::to_owned);
        // The last one is empty: a line between this example and what follows.
        paragraphs(out, "dev:remarks", example.text.iter().cloned().chain(output).chain([String::new()]));
        out.push_str("</example>");
    }
    out.push_str("</examples>");
}

fn link(out: &mut String, text: &str, address: &str) {
    let _ = write!(
        out,
        "<maml:navigationLink><maml:linkText>{}</maml:linkText><maml:uri>{}</maml:uri></maml:navigationLink>",
        escape(text),
        escape(address)
    );
}

fn paragraphs<T: AsRef<str>>(out: &mut String, element: &str, texts: impl IntoIterator<Item = T>) {
    let _ = write!(out, "<{element}>");
    for text in texts {
        let _ = write!(out, "<maml:para>{}</maml:para>", escape(text.as_ref()));
    }
    let _ = write!(out, "</{element}>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
