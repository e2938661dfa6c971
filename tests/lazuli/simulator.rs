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
