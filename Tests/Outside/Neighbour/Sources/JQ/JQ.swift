public enum JQOfNeighbour {}
