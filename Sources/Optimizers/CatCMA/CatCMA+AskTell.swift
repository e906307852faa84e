public import Diagnostics
import Randomness

extension CatCMA {
  public var generation: Int { state.ledger.generation }
  public var populationSize: Int { state.ledger.populationSize }
  public var parentCount: Int { weights.mu }
  public var told: [Bool] { state.ledger.told }
  public var termination: Termination? { state.termination }

  public mutating func ask(_ count: Int) -> [Proposal] {
    guard termination == nil else { return [] }
    if sampled.isEmpty { sampled = candidates() }
    return state.ledger.handOut(count).map { proposal($0, sampled[$0]) }
  }

  public var population: [Proposal] {
    (sampled.isEmpty ? candidates() : sampled).enumerated().map { proposal($0.offset, $0.element) }
  }

  public mutating func tell(_ id: Proposal.ID, _ outcome: Outcome) throws(Diagnostic) {
    guard let outcomes = try state.ledger.record(id, outcome, objectives: 1) else { return }
    if sampled.isEmpty { sampled = candidates() }
    update(Ranking(outcomes))
    sampled = []
    let reason = reasonToStop()
    if isRestartDue(reason, evaluations: outcomes.count { $0 != .dropped }) {
      restart(after: outcomes)
    } else {
      state.ledger.advance(after: outcomes)
      state.termination = reason
    }
  }

  private func proposal(_ index: Int, _ candidate: Candidate) -> Proposal {
    Proposal(id: state.ledger.id(of: index), genome: candidate.genome, point: candidate.point)
  }

  private func candidates() -> [Candidate] {
    (0..<populationSize).map { index in
      func stream(_ purpose: RandomStream.Purpose) -> RandomStream {
        RandomStream(
          seed: seed, purpose: purpose, run: state.ledger.run, generation: generation,
          candidate: index)
      }
      return state.distributions.candidate(
        coordinates, gaussian: stream(.gaussian), categories: stream(.categories))
    }
  }
}

extension CatCMA.Distributions {
  /// One draw; the categories' uniforms begin at `categoryOffset` of their stream.
  func candidate(
    _ coordinates: Coordinates, gaussian stream: RandomStream, categories: RandomStream,
    categoryOffset: Int = 0
  ) -> CatCMA.Candidate {
    let step = gaussian.map { $0.step(stream) }
    var point: [Double] = []
    if let step, let gaussian {
      point = gaussian.mean.indices.map { index in
        let scale =
          index < coordinates.reals.count ? 1 : margin.scales[index - coordinates.reals.count]
        return gaussian.mean[index] + gaussian.sigma * scale * step.y[index]
      }
    }
    let levels = self.categories.sample(categories, offset: categoryOffset)
    return CatCMA.Candidate(
      step: step, point: point, categories: levels,
      genome: coordinates.genome(point: point, categories: levels))
  }
}
