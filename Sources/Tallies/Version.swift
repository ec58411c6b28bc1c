/// The version of all programs, from this one place. `weir-route`, a script, repeats it, and a test
/// compares the two.
public let weirVersion = "0.1.0"
