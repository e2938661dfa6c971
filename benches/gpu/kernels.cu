// The kernels of kernels.rs as one writes them in CUDA C++: the same threads, the same steps.

constexpr int BLOCK = 256, TILE = 32;

extern "C" __global__ void saxpy(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}

extern "C" __global__ void block_sums(int n, const float *x, float *sums) {
    __shared__ float part[BLOCK];
    int t = threadIdx.x;
    float sum = 0;
    for (int i = blockIdx.x * BLOCK + t; i < n; i += gridDim.x * BLOCK) sum += x[i];
    part[t] = sum;
    __syncthreads();
    for (int half = BLOCK / 2; half > 0; half /= 2) {
        if (t < half) part[t] += part[t + half];
        __syncthreads();
    }
    if (t == 0) sums[blockIdx.x] = part[0];
}

// n is a multiple of TILE.
extern "C" __global__ void matmul(int n, const float *a, const float *b, float *c) {
    __shared__ float tile_a[TILE * TILE], tile_b[TILE * TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
    float sum = 0;
    for (int first = 0; first < n; first += TILE) {
        tile_a[y * TILE + x] = a[row * n + first + x];
        tile_b[y * TILE + x] = b[(first + y) * n + column];
        __syncthreads();
        for (int t = 0; t < TILE; t++) sum += tile_a[y * TILE + t] * tile_b[t * TILE + x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}
