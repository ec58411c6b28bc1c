/// The version of all three programs, from this one place.
public let weirVersion = "0.1.0"
