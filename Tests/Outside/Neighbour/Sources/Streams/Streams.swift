public enum StreamsOfNeighbour {}
