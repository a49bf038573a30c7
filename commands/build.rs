//! Tells cargo when the compiled-in migrations change.

fn main() {
    // Migrations are compiled in: a new file must bring them in again.
    println!("cargo:rerun-if-changed=../migrations");
}
