import ArgumentParser
import Foundation
import Fuzzing

/// `fuzz TARGET --seconds 600`: random files until the time is over or a reader fails.
@main
struct FuzzProgram: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Read random files with one reader, until the time is over.",
    discussion: """
      A case that is answered wrongly is written to a file and ends the run. A case that crashes or \
      hangs (more than 20 s) ends the program; its number is in the file that is named at the start, \
      and --case NUMBER --print shows its input.
      """)

  @Argument(help: "safetensors, recipe or tokenizer.")
  var target: String

  @Option(help: "How long.")
  var seconds = 60

  @Option(help: "Of the random choices; another seed gives other cases.")
  var seed: UInt64 = 0

  @Option(name: .customLong("case"), help: "Only this case.")
  var only: Int?

  @Flag(help: "Print the input of the case instead of reading it.")
  var print = false

  func run() throws {
    guard let target = FuzzTarget.all.first(where: { $0.name == self.target }) else {
      throw ValidationError("no target '\(self.target)': use safetensors, recipe or tokenizer")
    }
    if let only {
      let input = target.input(seed: seed, case: only)
      if print {
        FileHandle.standardOutput.write(Data(input))
      } else {
        Swift.print(target.check(input) ?? "answered well")
      }
      return
    }
    try loop(target)
  }

  private func loop(_ target: FuzzTarget) throws {
    let path = NSTemporaryDirectory() + "fuzz-\(target.name)-\(seed).case"
    try Data().write(to: URL(fileURLWithPath: path))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    Swift.print("\(target.name): \(seconds) s with seed \(seed), the case at work is in \(path)")
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(seconds))
    var number = 0
    var slowest = (duration: Duration.zero, number: 0)
    while clock.now < end {
      try file.seek(toOffset: 0)
      try file.write(contentsOf: Data("\(number)\n".utf8))
      _ = alarm(20)
      let input = target.input(seed: seed, case: number)
      let start = clock.now
      let problem = target.check(input)
      let duration = clock.now - start
      if duration > slowest.duration { slowest = (duration, number) }
      if let problem {
        Swift.print("case \(number): \(problem)")
        Swift.print("  fuzz \(target.name) --seed \(seed) --case \(number) --print")
        throw ExitCode.failure
      }
      number += 1
    }
    Swift.print("\(number) cases, the slowest took \(slowest.duration) (case \(slowest.number))")
  }
}
