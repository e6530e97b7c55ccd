public enum CurlOfNeighbour {}
