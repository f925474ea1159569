//! Signing and checking of tokens, RS256 with a key made at start.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::signature::{SignatureEncoding as _, Signer as _, Verifier as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The key that signs the tenant's tokens.
pub struct TokenKey {
    signing: SigningKey<Sha256>,
    verifying: VerifyingKey<Sha256>,
    key_id: String,
    modulus: String,
    exponent: String,
}

impl TokenKey {
    /// A signer with that key.
    #[must_use]
    pub fn new(key: RsaPrivateKey) -> Self {
        let public = RsaPublicKey::from(&key);
        let modulus = public.n().to_bytes_be();
        Self {
            key_id: BASE64URL.encode(&Sha256::digest(&modulus)[..20]),
            modulus: BASE64URL.encode(&modulus),
            exponent: BASE64URL.encode(public.e().to_bytes_be()),
            signing: SigningKey::new(key),
            verifying: VerifyingKey::new(public),
        }
    }

    /// The public key as a JSON Web Key Set.
    #[must_use]
    pub fn key_set(&self) -> Value {
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "x5t": self.key_id, "n": self.modulus,
            "e": self.exponent
        }]})
    }

    /// Signs claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": self.key_id, "x5t": self.key_id});
        let mut token = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let signature = self.signing.sign(token.as_bytes());
        token.push('.');
        BASE64URL.encode_string(signature.to_bytes(), &mut token);
        token
    }

    /// Checks a token's form and signature, and returns its claims.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Value, &'static str> {
        const MALFORMED: &str = "The token is malformed.";
        let (signed, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = signed.split_once('.').ok_or(MALFORMED)?;
        let decode = |text: &str| BASE64URL.decode(text).map_err(|_| MALFORMED);
        let header: Value = serde_json::from_slice(&decode(header)?).map_err(|_| MALFORMED)?;
        // The algorithm is fixed: whatever the header says otherwise is a forgery.
        if header["alg"] != "RS256" {
            return Err("The token's algorithm is not allowed.");
        }
        let signature = decode(signature)?;
        let signature = Signature::try_from(signature.as_slice()).map_err(|_| "The token's signature is invalid.")?;
        self.verifying.verify(signed.as_bytes(), &signature).map_err(|_| "The token's signature is invalid.")?;
        serde_json::from_slice(&decode(claims)?).map_err(|_| MALFORMED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_signatures_pass() {
        let key = |bits| TokenKey::new(RsaPrivateKey::new(&mut rand_core::OsRng, bits).unwrap());
        let (ours, other) = (key(1024), key(1024));
        let token = ours.sign(&json!({"upn": "adele@contoso.example"}));
        assert_eq!(ours.verify(&token).unwrap()["upn"], "adele@contoso.example");
        assert!(other.verify(&token).is_err());
        let mut parts: Vec<&str> = token.split('.').collect();
        let forged = BASE64URL.encode(r#"{"upn":"admin@contoso.example"}"#);
        parts[1] = &forged;
        assert!(ours.verify(&parts.join(".")).is_err());
        let none = BASE64URL.encode(r#"{"alg":"none"}"#);
        assert!(ours.verify(&format!("{none}.{forged}.")).is_err());
        assert!(ours.verify("nonsense").is_err());
    }
}
