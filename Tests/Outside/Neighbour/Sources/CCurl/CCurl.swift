public enum CCurlOfNeighbour {}
