// What is known of the terminal that standard output goes to.

internal import CSystem
internal import Glibc

/// How many columns there are for text: those of the terminal, or what COLUMNS says, or 80.
public func outputColumns() -> Int {
  if let text = unsafe getenv("COLUMNS").map({ unsafe String(cString: $0) }),
    let columns = Int(text), columns > 0
  {
    return columns
  }
  let columns = Int(weir_terminal_columns(STDOUT_FILENO))
  return columns > 0 ? columns : 80
}

/// How many columns a scalar takes on a terminal; `nil` where it is not one to be printed.
public func columnsTaken(by scalar: Unicode.Scalar) -> Int? {
  let columns = weir_columns_of_scalar(scalar.value)
  return columns < 0 ? nil : Int(columns)
}
