// Which flow idles out first: a binary heap of lower bounds.
//
// A packet does not touch the heap: it can only put its flow's end off, so what the heap holds stays
// a lower bound, and is corrected when it comes to the top. Each flow knows its position.

internal import Packets

/// How long a flow may be silent before it ends, in nanoseconds.
struct IdleTimeouts: Sendable {
  var tcp: Int64
  var udp: Int64

  /// The last moment at which a packet still belongs to the flow.
  @inline(__always)
  func end(of flow: Flow) -> Int64 {
    let (end, overflows) = flow.lastSeen.addingReportingOverflow(
      flow.transport == .tcp ? tcp : udp)
    return overflows ? .max : end
  }
}

struct ExpiryHeap {
  struct Node {
    var time: Int64
    var slot: Slot
  }

  let timeouts: IdleTimeouts
  private var nodes: [Node] = []

  init(timeouts: IdleTimeouts) { self.timeouts = timeouts }

  var first: Node? { nodes.first }

  mutating func insert(_ slot: Slot, time: Int64, flows: UnsafeMutablePointer<Flow>) {
    nodes.append(Node(time: time, slot: slot))
    unsafe rise(from: nodes.count - 1, flows)
  }

  mutating func update(at position: Int, time: Int64, flows: UnsafeMutablePointer<Flow>) {
    let old = nodes[position].time
    nodes[position].time = time
    if time < old {
      unsafe rise(from: position, flows)
    } else {
      unsafe sink(from: position, flows)
    }
  }

  mutating func remove(at position: Int, flows: UnsafeMutablePointer<Flow>) {
    let last = nodes.removeLast()
    guard position < nodes.count else { return }
    let removed = nodes[position]
    nodes[position] = last
    if last.time < removed.time {
      unsafe rise(from: position, flows)
    } else {
      unsafe sink(from: position, flows)
    }
  }

  private mutating func rise(from start: Int, _ flows: UnsafeMutablePointer<Flow>) {
    let node = nodes[start]
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      guard node.time < nodes[parent].time else { break }
      unsafe put(nodes[parent], at: position, flows)
      position = parent
    }
    unsafe put(node, at: position, flows)
  }

  private mutating func sink(from start: Int, _ flows: UnsafeMutablePointer<Flow>) {
    let node = nodes[start]
    var position = start
    while true {
      var child = 2 * position + 1
      guard child < nodes.count else { break }
      if child + 1 < nodes.count, nodes[child + 1].time < nodes[child].time { child += 1 }
      guard nodes[child].time < node.time else { break }
      unsafe put(nodes[child], at: position, flows)
      position = child
    }
    unsafe put(node, at: position, flows)
  }

  private mutating func put(_ node: Node, at position: Int, _ flows: UnsafeMutablePointer<Flow>) {
    nodes[position] = node
    // Slots in the heap are in use, so the flow behind each is initialized.
    unsafe flows[Int(node.slot)].expiryPosition = UInt32(position)
  }
}
