// PopulationStore
