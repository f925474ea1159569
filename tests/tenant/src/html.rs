//! Reading the forms of an HTML page, as much of HTML as sign-in pages use: what a person sees and can fill in.

/// A page's title and forms.
#[derive(Debug, Default)]
pub struct Page {
    /// The title.
    pub title: String,
    /// Texts marked as alerts.
    pub alerts: Vec<String>,
    /// The first heading.
    pub heading: String,
    /// The forms.
    pub forms: Vec<Form>,
}

/// A form.
#[derive(Debug, Default)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// The method, in lower case.
    pub method: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its buttons.
    pub buttons: Vec<Button>,
}

/// A field.
#[derive(Debug, Default)]
pub struct Field {
    /// The name under which it is sent.
    pub name: String,
    /// The type: `hidden`, `text`, `email`, `password`.
    pub kind: String,
    /// The value.
    pub value: String,
    /// The label that a person sees.
    pub label: String,
}

/// A button.
#[derive(Debug, Default)]
pub struct Button {
    /// The name under which it is sent.
    pub name: String,
    /// The value that it sends.
    pub value: String,
    /// The text on it.
    pub text: String,
}

impl Form {
    /// The field with that label.
    pub fn field_mut(&mut self, label: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.label.eq_ignore_ascii_case(label))
    }

    /// The button with that text.
    #[must_use]
    pub fn button(&self, text: &str) -> Option<&Button> {
        self.buttons.iter().find(|button| button.text.eq_ignore_ascii_case(text))
    }

    /// The form's body when that button is pressed.
    #[must_use]
    pub fn body(&self, pressed: &Button) -> String {
        let mut body = form_urlencoded::Serializer::new(String::new());
        for field in self.fields.iter().filter(|field| !field.name.is_empty()) {
            body.append_pair(&field.name, &field.value);
        }
        if !pressed.name.is_empty() {
            body.append_pair(&pressed.name, &pressed.value);
        }
        body.finish()
    }
}

/// Reads a page.
#[must_use]
pub fn parse(html: &str) -> Page {
    let mut page = Page::default();
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut ids: Vec<(usize, usize, String)> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let Some(end) = tag_end(rest) else {
            break;
        };
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        let (name, attributes) = attributes(tag);
        let get = |wanted: &str| {
            attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let content = || text_until(after, &format!("</{name}"));
        match name.as_str() {
            "title" => page.title = content(),
            "h1" if page.heading.is_empty() => page.heading = content(),
            "style" | "script" => rest = after.split_once(&format!("</{name}")).map_or("", |(_, rest)| rest),
            "label" => labels.push((get("for"), content())),
            "form" => {
                page.forms.push(Form { action: get("action"), method: get("method").to_lowercase(), ..Form::default() })
            }
            "input" => {
                let number = page.forms.len().wrapping_sub(1);
                if let Some(form) = page.forms.last_mut() {
                    ids.push((number, form.fields.len(), get("id")));
                    form.fields.push(Field {
                        name: get("name"),
                        kind: get("type"),
                        value: get("value"),
                        label: String::new(),
                    });
                }
            }
            "button" => {
                let button = Button { name: get("name"), value: get("value"), text: content() };
                if let Some(form) = page.forms.last_mut() {
                    form.buttons.push(button);
                }
            }
            _ => {}
        }
        if get("role") == "alert" {
            page.alerts.push(content());
        }
    }
    for (form, field, id) in ids {
        if let Some((_, label)) = labels.iter().find(|(wanted, _)| !id.is_empty() && *wanted == id) {
            label.clone_into(&mut page.forms[form].fields[field].label);
        }
    }
    page
}

/// Where a tag ends; an angle bracket in quotes doesn't end it.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, character)| {
        match (quote, character) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        None
    })
}

fn attributes(tag: &str) -> (String, Vec<(String, String)>) {
    let name_end = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
    let name = tag[..name_end].to_ascii_lowercase();
    let mut list = Vec::new();
    let mut rest = tag[name_end..].trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let attribute = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let quoted = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (text, left) = match quoted {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            value = unescape(text);
            rest = left;
        }
        list.push((attribute, value));
        rest = rest.trim_start();
    }
    (name, list)
}

fn text_until(text: &str, end: &str) -> String {
    let inner = text.split_once(end).map_or(text, |(inner, _)| inner);
    let mut plain = String::new();
    let mut in_tag = false;
    for character in inner.chars() {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            other if !in_tag => plain.push(other),
            _ => {}
        }
    }
    unescape(plain.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_with_their_labels() {
        let mut page = parse(
            "<html><head><title>A &amp; B</title><style>a > b {}</style></head><body><h1>Hi <b>you</b></h1>\
             <p role=\"alert\">Wrong.</p><form method='POST' action=\"/x?a=1&amp;b=2\"><input type=hidden name=csrf value=\"1>2\">\
             <label for=\"n\">Your name</label><input id=\"n\" name=\"n\" type=\"text\" required>\
             <button name=\"go\" value=\"1\">Go  on</button></form></body></html>",
        );
        assert_eq!((page.title.as_str(), page.heading.as_str()), ("A & B", "Hi you"));
        assert_eq!(page.alerts, ["Wrong."]);
        let form = &mut page.forms[0];
        assert_eq!((form.action.as_str(), form.method.as_str()), ("/x?a=1&b=2", "post"));
        form.field_mut("Your name").unwrap().value = "É +&".into();
        let body = form.body(form.button("go on").unwrap());
        assert_eq!(body, "csrf=1%3E2&n=%C3%89+%2B%26&go=1");
    }
}
