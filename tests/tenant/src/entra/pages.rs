//! The HTML of the sign-in pages: self-contained, without scripts, for light and dark screens.

use hyper::StatusCode;

use crate::http::{Reply, reply, set_header};

const STYLE: &str = "
:root { color-scheme: light dark; --page: #f3f4f6; --card: #fff; --text: #1b1b1b; --soft: #5c5c5c; --line: #8a8a8a;
  --accent: #0b5cad; --on-accent: #fff; --error: #a4161a; --phone: #e8eef6; }
@media (prefers-color-scheme: dark) { :root { --page: #16181c; --card: #22252b; --text: #f2f2f2; --soft: #b9bcc2;
  --line: #7c828c; --accent: #7db8f5; --on-accent: #10141a; --error: #ff9d9d; --phone: #2c3440; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, 'Segoe UI', sans-serif; }
main { background: var(--card); width: min(27rem, 100vw - 2rem); padding: 2.5rem; border-radius: .5rem;
  box-shadow: 0 .25rem 1.25rem #0003; margin: 1rem; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 .75rem; }
.brand { font-weight: 600; letter-spacing: .02em; margin: 0 0 1.25rem; color: var(--soft); }
.brand b { color: var(--accent); }
.who { color: var(--soft); margin: 0 0 1rem; overflow-wrap: anywhere; }
label { display: block; font-size: .9rem; margin: 1rem 0 .25rem; }
input[type=text], input[type=email], input[type=password] { width: 100%; font: inherit; color: inherit; padding: .5rem .6rem;
  background: transparent; border: 1px solid var(--line); border-radius: .25rem; }
::placeholder { color: var(--soft); opacity: 1; }
input:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.buttons { display: flex; gap: .75rem; margin-top: 1.75rem; flex-wrap: wrap; }
button { font: inherit; padding: .5rem 1.5rem; border-radius: .25rem; border: 1px solid var(--line); background: transparent;
  color: inherit; cursor: pointer; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.error { color: var(--error); margin: .5rem 0; }
.phone { background: var(--phone); border: 1px solid var(--line); border-radius: 1.25rem; padding: 1.25rem; margin-top: 1.5rem; }
.phone h2 { font-size: 1rem; margin: 0 0 .5rem; }
.number { font-size: 2.5rem; font-weight: 700; text-align: center; margin: .25rem 0; letter-spacing: .1em; }
footer { color: var(--soft); font-size: .8rem; margin-top: 2rem; }
";

/// Text as HTML.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A page of a title and the inside of its card.
#[must_use]
pub fn page(status: StatusCode, title: &str, inside: &str) -> Reply {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<p class=\"brand\"><b>Contoso</b> simulated sign-in</p>\n{inside}\n<footer>This page belongs to a simulated \
         tenant for tests. Never type a real password here.</footer>\n</main>\n</body>\n</html>\n",
        title = escape(title)
    );
    let mut response = reply(status, "text/html; charset=utf-8", html);
    set_header(&mut response, "cache-control", "no-store, no-cache");
    set_header(&mut response, "x-frame-options", "DENY");
    set_header(&mut response, "referrer-policy", "no-referrer");
    // The last form ends in a redirect to the client's listener on this machine, which the policy has to allow.
    set_header(
        &mut response,
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http://localhost:*; frame-ancestors 'none'; base-uri 'none'",
    );
    response
}

/// A form of hidden fields and the given inside.
#[must_use]
pub fn form(action: &str, hidden: &[(&str, &str)], inside: &str) -> String {
    let mut html = format!("<form method=\"post\" action=\"{}\" autocomplete=\"on\">\n", escape(action));
    for (name, value) in hidden {
        html.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escape(value)));
    }
    html.push_str(inside);
    html.push_str("\n</form>");
    html
}

/// An error above a field, or nothing.
#[must_use]
pub fn error_line(error: Option<&str>) -> String {
    error.map_or(String::new(), |text| format!("<p class=\"error\" role=\"alert\" id=\"error\">{}</p>\n", escape(text)))
}

/// Attributes of a field that the error line is about.
#[must_use]
pub fn error_attributes(error: Option<&str>) -> &'static str {
    if error.is_some() { " aria-invalid=\"true\" aria-describedby=\"error\"" } else { "" }
}

/// The page for a request that can't be sent back to a client.
#[must_use]
pub fn error_page(sentence: &str) -> Reply {
    page(
        StatusCode::BAD_REQUEST,
        "Sign in failed",
        &format!(
            "<h1>Sorry, but we're having trouble signing you in.</h1>\n<p class=\"error\" role=\"alert\">{}</p>",
            escape(sentence)
        ),
    )
}
