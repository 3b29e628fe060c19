//! Screenshots: what is no image in bounds is refused, and nothing of a file but its picture is served.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{Method, header::HeaderMap};
use workway_tests::{Answer, TestHost, TestUser};

use super::{market, public, published, whole};

/// An image of one colour.
fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([200, 30, 60])));
    image.write_to(&mut Cursor::new(&mut bytes), format).expect("the image is encoded");
    bytes
}

async fn add(user: &TestUser<'_>, id: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let request = user.request(Method::POST, &format!("/marketplace/{id}/screenshots"));
    user.send(request.header("content-type", media_type).body(bytes.into())).await
}

/// An image as anybody gets it.
async fn served(host: &TestHost, path: &str) -> (u16, HeaderMap, Vec<u8>) {
    let response = host.anonymous(Method::GET, path).send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.expect("the image is complete").to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_encoded_anew_and_served_as_nothing_else() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = published(&ann, whole("Echo")).await;
    for (sent, format, kept) in [
        ("image/png", ImageFormat::Png, "image/png"),
        ("image/jpeg", ImageFormat::Jpeg, "image/jpeg"),
        ("image/webp", ImageFormat::WebP, "image/png"),
        // What the bytes are counts, not what they are called.
        ("image/png", ImageFormat::Jpeg, "image/jpeg"),
    ] {
        let mut bytes = encoded(40, 30, format);
        bytes.extend_from_slice(b"<script>alert(1)</script>");
        let added = add(&ann, &id, sent, bytes).await;
        assert_eq!(added.status, 201, "{sent} {format:?}: {:#}", added.body);
        assert_eq!(
            (&added.body["mediaType"], &added.body["width"], &added.body["height"]),
            (&kept.into(), &40.into(), &30.into())
        );
        let url = added.body["url"].as_str().expect("a path");
        assert_eq!(added.header("location"), url);
        let (status, headers, image) = served(&host, url).await;
        assert_eq!((status, &headers["content-type"]), (200, &kept.parse().expect("a value")));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
        assert!(!image.windows(7).any(|part| part == b"<script"), "{sent} {format:?}");
        let decoded = image::load_from_memory(&image).expect("it is an image");
        assert_eq!((decoded.width(), decoded.height()), (40, 30));
    }
    let detail = public(&host, &format!("/marketplace/{id}")).await;
    assert_eq!(detail.body["screenshots"].as_array().map(Vec::len), Some(4), "{:#}", detail.body);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_image_in_bounds_is_refused() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let id = published(&ann, whole("Echo")).await;
    let png = encoded(40, 30, ImageFormat::Png);
    // A small file that says it has 60,000 pixels a side.
    let mut bomb = encoded(1, 1, ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    for (what, bytes) in [
        ("empty", vec![]),
        ("text", b"not an image".to_vec()),
        ("a GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("cut", png[..60].to_vec()),
        ("too wide", encoded(4_097, 1, ImageFormat::Png)),
        ("a bomb", bomb),
    ] {
        let refused = add(&ann, &id, "image/png", bytes).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid-image"), "{what}: {:#}", refused.body);
    }
    for media_type in ["image/gif", "image/svg+xml", "text/html", "application/json", "multipart/form-data"] {
        assert_eq!(add(&ann, &id, media_type, png.clone()).await.code(), "not-an-image", "{media_type}");
    }
    let padded = |bytes: usize| [png.clone(), vec![0; bytes - png.len()]].concat();
    let huge = add(&ann, &id, "image/png", padded((4 << 20) + 1)).await;
    assert_eq!((huge.status, huge.code()), (413, "body-too-large"));
    assert_eq!(public(&host, &format!("/marketplace/{id}")).await.body["screenshots"], serde_json::json!([]));
    assert_eq!(add(&ann, &id, "image/png", padded(4 << 20)).await.status, 201, "as much as is possible");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_eight_at_most_and_only_their_owner_changes_them() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let bob = host.developer("bob@example.com", "bob").await;
    let id = published(&ann, whole("Echo")).await;
    let png = encoded(4, 4, ImageFormat::Png);
    assert_eq!(add(&bob, &id, "image/png", png.clone()).await.code(), "not-owner");
    let mut urls = Vec::new();
    for _ in 0..8 {
        urls.push(add(&ann, &id, "image/png", png.clone()).await.header("location").to_owned());
    }
    assert_eq!(add(&ann, &id, "image/png", png.clone()).await.code(), "too-many");
    assert_eq!(bob.delete(&urls[0]).await.code(), "not-owner");
    assert_eq!(ann.delete(&urls[0]).await.status, 204);
    assert_eq!(ann.delete(&urls[0]).await.code(), "screenshot-not-found");
    assert_eq!(served(&host, &urls[0]).await.0, 404);
    assert_eq!(add(&ann, &id, "image/png", png).await.status, 201);
    let detail = public(&host, &format!("/marketplace/{id}")).await;
    let shown: Vec<_> =
        detail.body["screenshots"].as_array().expect("a list").iter().map(|shot| shot["url"].as_str()).collect();
    let kept: Vec<_> = urls[1..].iter().map(|url| Some(url.as_str())).collect();
    assert_eq!((&shown[..7], shown.len()), (&kept[..], 8), "in the order in which they came");

    // Another workflow's path does not lead to it.
    let other = published(&ann, whole("Other")).await;
    let shot = urls[1].rsplit('/').next().expect("an id");
    assert_eq!(served(&host, &format!("/marketplace/{other}/screenshots/{shot}")).await.0, 404);
    host.finish().await;
}
