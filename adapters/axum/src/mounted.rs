//! Where a router is mounted.

use axum::extract::OriginalUri;
use axum::http::{Extensions, Uri};
use webstack_core::app::Mount;

/// axum strips the prefix of a nested router and keeps the whole in an extension.
pub(crate) fn nested_under(extensions: &Extensions, inner: &Uri) -> Option<Mount> {
    let OriginalUri(original) = extensions.get()?;
    // The prefix alone, without a slash behind it, is `/` to the inner router.
    let prefix = match inner.path() {
        "/" => original.path(),
        path => original.path().strip_suffix(path)?,
    };
    Some(Mount::new(prefix, original.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_of_a_nested_router_is_found_with_and_without_a_slash_behind_it() {
        for (original, inner, prefix) in [
            ("/shop/cart?page=2", "/cart?page=2", "/shop"),
            ("/shop/", "/", "/shop"),
            ("/shop", "/", "/shop"),
            ("/shop?a=1", "/?a=1", "/shop"),
            ("/a/b", "/", "/a/b"),
            ("/cart", "/cart", ""),
            ("/", "/", ""),
        ] {
            let mut extensions = Extensions::new();
            extensions.insert(OriginalUri(original.parse().expect("a URI")));
            let found = nested_under(&extensions, &inner.parse().expect("a URI"));
            assert_eq!(found.as_ref().map(Mount::script_name), Some(prefix), "{original}");
        }
        assert!(nested_under(&Extensions::new(), &Uri::from_static("/")).is_none());
    }
}
