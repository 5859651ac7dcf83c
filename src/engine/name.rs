// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Names of algorithms and drivers: templates with arguments, such as `authenc(hmac(sha256),cbc(aes))`. Whether they make
//! sense is not asked here.

/// The outermost template of a name, or the name if it has none.
pub fn template(name: &str) -> &str {
    name.split('(').next().unwrap_or_default()
}

/// The outermost template of a name, and what is in its parentheses. None: it has none.
pub fn split(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(')')?.split_once('(')
}

/// The arguments of a template, from what is in its parentheses.
pub fn arguments(inside: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    inside.split(move |c| {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_at_its_outermost_commas() {
        let (template, inside) = split("authenc(hmac(sha256),rfc3686(ctr(aes)))").unwrap();
        assert_eq!(template, "authenc");
        let arguments: Vec<_> = arguments(inside).collect();
        assert_eq!(arguments, ["hmac(sha256)", "rfc3686(ctr(aes))"]);
    }

    #[test]
    fn what_is_no_template_is_a_name() {
        assert_eq!(split("sha256"), None);
        assert_eq!(split("cbc(aes"), None);
        assert_eq!([template("sha256"), template("cbc(aes)"), template("")], ["sha256", "cbc", ""]);
        assert_eq!(arguments("a)),b").collect::<Vec<_>>(), ["a))", "b"]);
    }
}
