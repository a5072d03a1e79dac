//! The seal on an artefact's file: HMAC-SHA-256 (RFC 2104) over the file's name and the artefact, with a
//! key that only this installation has. It says: this program wrote these bytes under this name.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Artefact;

/// Bytes of a seal, in front of the artefact.
const SEAL_BYTES: usize = 32;

/// Bytes of a key, as many as the hash has (RFC 2104, section 3).
pub(crate) const KEY_BYTES: usize = 32;

/// The installation's secret.
pub(crate) struct Key([u8; KEY_BYTES]);

impl Key {
    /// A key that was kept; `None`: it is none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// A new one.
    pub(crate) fn random() -> std::io::Result<Self> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(std::io::Error::from)?;
        Ok(Self(key))
    }

    /// To keep it.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn over(&self, name: &str, artefact: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(name.as_bytes());
        // No name holds a zero, so that no other name and artefact give the same bytes.
        mac.update(&[0]);
        mac.update(artefact);
        Some(mac)
    }

    /// The content of the file of that name; `None`: the key cannot be used.
    pub(crate) fn seal(&self, name: &str, artefact: &Artefact) -> Option<Vec<u8>> {
        let seal = self.over(name, &artefact.0)?.finalize().into_bytes();
        let mut sealed = Vec::with_capacity(SEAL_BYTES + artefact.0.len());
        sealed.extend_from_slice(&seal);
        sealed.extend_from_slice(&artefact.0);
        Some(sealed)
    }

    /// The artefact in the file of that name; `None`: it is not as it was written under it with this key.
    pub(crate) fn open(&self, name: &str, mut sealed: Vec<u8>) -> Option<Artefact> {
        let (seal, artefact) = sealed.split_at_checked(SEAL_BYTES)?;
        // In constant time.
        self.over(name, artefact)?.verify_slice(seal).ok()?;
        sealed.drain(..SEAL_BYTES);
        Some(Artefact(sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_under_the_same_name_with_the_same_key_open() {
        let (key, other) = (Key::random().unwrap(), Key::random().unwrap());
        let sealed = key.seal("a", &Artefact(vec![1, 2, 3])).unwrap();
        assert_eq!(key.open("a", sealed.clone()).unwrap().0, [1, 2, 3]);
        assert!(key.open("b", sealed.clone()).is_none());
        assert!(other.open("a", sealed.clone()).is_none());
        for i in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[i] ^= 1;
            assert!(key.open("a", forged).is_none(), "byte {i}");
            assert!(key.open("a", sealed[..i].to_vec()).is_none(), "{i} bytes");
        }
    }

    #[test]
    fn the_seal_is_hmac_sha_256() {
        // RFC 4231, test case 1 has a key of 20 bytes; ours always has 32, so the expected value is that
        // of `openssl dgst -sha256 -mac HMAC` over `name`, a zero, `artefact` with 32 bytes of 0x0b.
        let sealed = Key([0x0b; 32]).seal("name", &Artefact(b"artefact".to_vec())).unwrap();
        let seal: String = sealed[..32].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(seal, "89a7733c93cb72f6350e44609f385ac7494e6c4987bb45bf6205f8cb4891c86b");
    }
}
