/// A piece of a page, in plain text and numbers; ``HTMLPage`` gives it its form.
enum Block: Sendable {
  case paragraph(String)
  /// What must not be overlooked.
  case warning(String)
  case list([String])
  case table(Table)
  case figure(Picture)
  /// Small figures side by side.
  case gallery([Picture])
  /// Shown as it is, in a fixed-width font.
  case source(String)
  /// Closed until the reader opens it.
  indirect case details(summary: String, [Block])

  struct Table: Sendable {
    struct Row: Sendable {
      var cells: [String]
      var isEmphasised = false
    }

    var caption: String
    var header: [String]
    /// How many columns hold words instead of numbers.
    var wordColumns = 1
    var rows: [Row] = []
  }

  /// A plot with what is needed to read it.
  struct Picture: Sendable {
    struct Key: Sendable {
      var name: String
      var style: XYPlot.Style
      var isLine: Bool
    }

    var plot: any Plot
    var legend: [Key] = []
  }
}

/// A part of a page under a heading.
struct PageSection: Sendable {
  /// Names it in links, in letters and hyphens.
  var id: String
  var title: String
  var blocks: [Block]
}

extension Block.Picture {
  /// A plot over two axes; several series get a legend.
  init(_ plot: XYPlot) {
    self.plot = plot
    guard plot.series.count > 1 else { return }
    legend = plot.series.map { Key(name: $0.name, style: $0.style, isLine: $0.shape != .dots) }
  }
}
