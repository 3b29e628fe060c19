//! Screenshots: an uploaded image is decoded within bounds and encoded again, so that the host never serves the
//! uploaded file or its metadata.

use std::io::Cursor;

use image::{
    DynamicImage, ImageFormat, ImageReader, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use super::bounds::{MAX_DECODED_BYTES, MAX_ENCODED_BYTES, MAX_SCREENSHOT_BYTES, MAX_SCREENSHOT_SIDE};

/// Of 100.
const JPEG_QUALITY: u8 = 85;

/// A screenshot's place and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenshotInfo {
    pub id: String,
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    pub height: u32,
}

/// A screenshot with its bytes, as the host encoded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screenshot {
    pub info: ScreenshotInfo,
    pub image: Vec<u8>,
}

impl Screenshot {
    /// Decodes an image and re-encodes it: a JPEG as JPEG, PNG and WebP as PNG. Takes up to a few hundred milliseconds, so it
    /// must not run on an async thread.
    ///
    /// # Errors
    /// What is wrong with the image, for its sender.
    pub fn encode(bytes: &[u8]) -> Result<Self, String> {
        Self::encode_within(bytes, MAX_ENCODED_BYTES)
    }

    /// Noise of two colours takes a bit a pixel as it is sent and many as it is kept: what comes out is bounded, too.
    fn encode_within(bytes: &[u8], most: usize) -> Result<Self, String> {
        if bytes.len() > MAX_SCREENSHOT_BYTES {
            return Err(format!("it must have at most {MAX_SCREENSHOT_BYTES} bytes (got {})", bytes.len()));
        }
        let mut reader =
            ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
        let format = match reader.format() {
            Some(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) => format,
            _ => return Err("it must be a PNG, a JPEG or a WebP".to_owned()),
        };
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SCREENSHOT_SIDE);
        limits.max_image_height = Some(MAX_SCREENSHOT_SIDE);
        limits.max_alloc = Some(MAX_DECODED_BYTES);
        reader.limits(limits);
        let decoded = reader.decode().map_err(|error| format!("it cannot be decoded: {error}"))?;
        let (width, height) = (decoded.width(), decoded.height());
        let mut image = Vec::new();
        let media_type = match format {
            ImageFormat::Jpeg => {
                let encoder = JpegEncoder::new_with_quality(&mut image, JPEG_QUALITY);
                decoded.to_rgb8().write_with_encoder(encoder).map_err(|error| error.to_string())?;
                "image/jpeg"
            }
            _ => {
                // Eight bits a channel are what screens show.
                let decoded = if decoded.color().has_alpha() {
                    DynamicImage::ImageRgba8(decoded.to_rgba8())
                } else {
                    DynamicImage::ImageRgb8(decoded.to_rgb8())
                };
                let encoder = PngEncoder::new_with_quality(&mut image, CompressionType::Default, FilterType::Adaptive);
                decoded.write_with_encoder(encoder).map_err(|error| error.to_string())?;
                "image/png"
            }
        };
        if image.len() > most {
            return Err(format!(
                "it must have at most {most} bytes when it is re-encoded (got {}): send fewer pixels, or a JPEG",
                image.len()
            ));
        }
        let id = format!("shot_{}", uuid::Uuid::now_v7().simple());
        Ok(Self { info: ScreenshotInfo { id, media_type: media_type.to_owned(), width, height }, image })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, RgbaImage};

    use super::{MAX_SCREENSHOT_BYTES, MAX_SCREENSHOT_SIDE, Screenshot};

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut image = DynamicImage::ImageRgba8(RgbaImage::from_pixel(width, height, image::Rgba([7, 8, 9, 255])));
        if format == ImageFormat::Jpeg {
            image = DynamicImage::ImageRgb8(image.to_rgb8());
        }
        image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn an_image_is_encoded_anew_and_loses_what_hangs_on_it() {
        let mut bytes = encoded(30, 20, ImageFormat::Png);
        bytes.extend_from_slice(b"<script>alert(1)</script>");
        let shot = Screenshot::encode(&bytes).unwrap();
        assert_eq!((shot.info.media_type.as_str(), shot.info.width, shot.info.height), ("image/png", 30, 20));
        assert!(!shot.image.windows(8).any(|part| part == b"<script>"));
        let jpeg = Screenshot::encode(&encoded(30, 20, ImageFormat::Jpeg)).unwrap();
        assert_eq!(jpeg.info.media_type, "image/jpeg");
    }

    #[test]
    fn what_is_no_image_or_too_large_is_refused() {
        let wide = encoded(MAX_SCREENSHOT_SIDE + 1, 1, ImageFormat::Png);
        let cut = &encoded(30, 20, ImageFormat::Png)[..40];
        for bytes in [&b"GIF89a"[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", &wide, cut] {
            assert!(Screenshot::encode(bytes).is_err());
        }
        assert!(Screenshot::encode(&vec![0; MAX_SCREENSHOT_BYTES + 1]).unwrap_err().contains("must have at most"));
    }

    #[test]
    fn an_image_that_grows_when_it_is_encoded_is_refused() {
        let bytes = encoded(30, 20, ImageFormat::Png);
        let size = Screenshot::encode(&bytes).unwrap().image.len();
        assert!(Screenshot::encode_within(&bytes, size).is_ok());
        assert!(Screenshot::encode_within(&bytes, size - 1).unwrap_err().contains("re-encoded"));
    }

    #[test]
    fn an_image_that_unpacks_to_a_lot_is_refused_before_it_does() {
        // 60,000 pixels a side: a small file, gigabytes when decoded.
        let mut header = encoded(1, 1, ImageFormat::Png);
        header[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(Screenshot::encode(&header).is_err());
    }
}
