//! The simulator of a GPU, from the front door: the same bits, checked accesses.

use lazuli::prelude::*;

#[test]
fn a_pipeline_has_the_bits_of_the_cpu() {
    let device = Device::cuda_simulator().unwrap();
    let data: Vec<f32> = (0..100_003).map(|i| (i as f32 * 0.37).sin() * 3.0).collect();
    let pipeline = |x: &Array<f32>| {
        let z = (x - x.mean(..)) / x.std(..);
        (z.dot(&z), (&z * &z).exp().sum(..), z.t().softmax(0))
    };
    let x = Array::from_vec(data);
    let (a, b, c) = pipeline(&x);
    let y = x.to_device(&device);
    assert_eq!(y.device(), device);
    for checked in [false, true] {
        lazuli::verify(checked);
        let (d, e, f) = pipeline(&y);
        assert_eq!(a.item().unwrap().to_bits(), d.item().unwrap().to_bits());
        assert_eq!(b.item().unwrap().to_bits(), e.item().unwrap().to_bits());
        assert_eq!(c.to_vec().unwrap(), f.to_vec().unwrap());
    }
    lazuli::verify(false);
    assert!((&x + &y).eval().is_err_and(|e| e.to_string().contains("cuda simulator")));
    assert_eq!(y.to_device(&Device::cpu()).to_vec().unwrap(), x.to_vec().unwrap());
}

/// Each element of a product is a chain of fused multiply-adds in the order of the summed axis.
#[test]
fn matrix_products() {
    let device = Device::cuda_simulator().unwrap();
    let data = |n: usize| -> Vec<f64> { (0..n).map(|i| ((i * 37 % 101) as f64 - 50.0) / 7.0).collect() };
    macro_rules! check {
        ($T:ty) => {
            for (m, k, n) in [(2, 2, 2), (3, 5, 4), (64, 8, 64), (130, 33, 129), (200, 70, 65), (5, 0, 7)] {
                let (a, b): (Vec<$T>, Vec<$T>) = (
                    data(m * k).iter().map(|&v| v as $T).collect(),
                    data(k * n).iter().map(|&v| v as $T).collect(),
                );
                let mut expected: Vec<$T> = Vec::new();
                for i in 0..m {
                    for j in 0..n {
                        expected.push((0..k).fold(0.0, |sum, t| a[i * k + t].mul_add(b[t * n + j], sum)));
                    }
                }
                let x = Array::from_shape_vec([m, k], a).unwrap().to_device(&device);
                let y = Array::from_shape_vec([k, n], b).unwrap().to_device(&device);
                // The operands as they are, and from memory in the other order.
                let turned = |x: &Array<$T>| (x.t() + 0.0).eval().unwrap().t();
                for (x, y) in [(x.clone(), y.clone()), (turned(&x), turned(&y))] {
                    assert_eq!(x.matmul(&y).to_vec().unwrap(), expected, "{m} x {k} x {n}");
                }
            }
        };
    }
    for checked in [false, true] {
        lazuli::verify(checked);
        check!(f32);
        check!(f64);
    }
    lazuli::verify(false);
    let stack = Array::from_vec(data(3 * 4 * 5)).reshape([3, 4, 5]).to_device(&device);
    let products = stack.matmul(&stack.permute([0, 2, 1]));
    assert_eq!(products.shape(), [3, 4, 4]);
    let one = stack.index_axis(0, 1);
    assert_eq!(products.index_axis(0, 1).to_vec().unwrap(), one.matmul(&one.t()).to_vec().unwrap());
}

/// What the kernel of a card would do wrong is an error here: which thread, which index, which line.
#[test]
fn many_shapes_are_checked() {
    let device = Device::cuda_simulator().unwrap();
    lazuli::verify(true);
    let fill = |n: usize| (0..n).map(|i| (i % 17) as f32 - 8.0).collect::<Vec<f32>>();
    for (n, m) in [(1, 1), (3, 70), (70, 3), (33, 65), (300, 40), (2, 20_000), (100, 9_000), (600, 20)] {
        let x = Array::from_shape_vec([n, m], fill(n * m)).unwrap().to_device(&device);
        let y = Array::from_shape_vec([m, n], fill(n * m)).unwrap().to_device(&device);
        (&x + y.t()).exp().eval().unwrap();
        lazuli::eval((&x.sum(0), &x.sum(1), &x.var(..), &x.argmax(0))).unwrap();
        x.softmax(1).eval().unwrap();
        x.softmax(0).eval().unwrap();
        x.slice(s![..;2, 1..]).layer_norm(1, 1e-5).eval().unwrap();
        x.slice(s![..;-1, ..]).sum([1, 0]).eval().unwrap();
        (x.gt(0.0).select(&x, y.t()) * 2.0).max(0).eval().unwrap();
    }
    lazuli::verify(false);
}
