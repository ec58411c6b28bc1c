// Standard input, output and error are there, whoever started the program: else the first files that it
// opens get their numbers, and what it says to people goes into these.

internal import Glibc

/// Puts something where a standard descriptor is closed. It is open the wrong way round, so that whoever
/// reads or writes there finds out as before.
public func keepStandardDescriptors() {
  for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
    // The lowest number that is free is the one that is missing.
    _ = unsafe open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
}
