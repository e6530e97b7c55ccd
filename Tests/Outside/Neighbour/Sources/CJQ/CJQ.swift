public enum CJQOfNeighbour {}
