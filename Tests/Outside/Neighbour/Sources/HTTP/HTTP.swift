public enum HTTPOfNeighbour {}
