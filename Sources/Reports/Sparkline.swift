/// One block character per value, low to high between the least and the greatest value.
///
/// More values than `width` are gathered in equal groups, each shown by its greatest. Values that
/// are nil, and groups without any, are shown as a space.
public func sparkline(_ values: [Double?], width: Int = 60) -> String {
  let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  let groups: [Double?] =
    values.count <= width
    ? values
    : (0..<width).map { index in
      let range = (index * values.count / width)..<((index + 1) * values.count / width)
      return values[range].compactMap(\.self).max()
    }
  let known = groups.compactMap(\.self).filter(\.isFinite)
  guard let least = known.min(), let greatest = known.max() else { return "" }
  return String(
    groups.map { value -> Character in
      guard let value, value.isFinite else { return " " }
      guard greatest > least else { return blocks[0] }
      let share = (value - least) / (greatest - least)
      return blocks[min(blocks.count - 1, Int(share * Double(blocks.count)))]
    })
}
