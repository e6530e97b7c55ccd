public enum AdminOfNeighbour {}
